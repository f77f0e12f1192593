from odoo import fields, models

from ..figure import COUNTED, MEASURED, Figure


class CrmCustomerKeptFigures(models.AbstractModel):
    """Figures of a customer that month ends keep: stored as of now, and as of each month end."""

    _name = "crm.customer.kept.figures"
    _description = "Figures of a Customer That Month Ends Keep"
    _inherit = ["crm.customer.figures"]

    # Exposure
    open_amount = fields.Monetary(
        "Open",
        readonly=True,
        help="What the customer owes, before credits: not due, overdue and disputed.",
        figure=COUNTED,
    )
    not_due_amount = fields.Monetary(
        "Not Due",
        readonly=True,
        help="What is open on instalments that are not due yet.",
        figure=COUNTED,
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        readonly=True,
        help="What is open on instalments past their due date; disputed invoices excepted.",
        figure=COUNTED,
    )
    overdue_1_30 = fields.Monetary(
        "Overdue 1-30", readonly=True, help="Overdue for 1 to 30 days.", figure=COUNTED
    )
    overdue_31_60 = fields.Monetary(
        "Overdue 31-60", readonly=True, help="Overdue for 31 to 60 days.", figure=COUNTED
    )
    overdue_61_90 = fields.Monetary(
        "Overdue 61-90", readonly=True, help="Overdue for 61 to 90 days.", figure=COUNTED
    )
    overdue_over_90 = fields.Monetary(
        "Overdue 90+", readonly=True, help="Overdue for more than 90 days.", figure=COUNTED
    )
    disputed_amount = fields.Monetary(
        "Disputed",
        readonly=True,
        help="What is open on blocked invoices: owed, but neither overdue nor in the score.",
        figure=COUNTED,
    )
    unapplied_credit_amount = fields.Monetary(
        "Unapplied Credit",
        readonly=True,
        help="Payments and credit notes that are not matched with an invoice.",
        figure=COUNTED,
    )
    overdue_count = fields.Integer(
        "Overdue Instalments",
        readonly=True,
        help="How many instalments are overdue.",
        figure=COUNTED,
    )
    days_overdue = fields.Integer(
        readonly=True,
        aggregator="max",
        help="Days since the oldest overdue instalment was due.",
        figure=COUNTED,
    )

    # Behaviour in the window
    paid_amount = fields.Monetary(
        "Paid",
        readonly=True,
        help="Money received for invoices in the window, less paid back.",
        figure=COUNTED,
    )
    days_to_pay = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days from invoice to payment, weighted by amount.",
        figure=MEASURED,
    )
    days_beyond_terms = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days from due date to payment, weighted by amount; negative when early.",
        figure=MEASURED,
    )
    on_time_rate = fields.Float(
        "Paid on Time",
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        help="Share of the paid amount that came by the due date.",
        figure=MEASURED,
    )
    written_off_amount = fields.Monetary(
        "Written Off",
        readonly=True,
        help="What was given up as a loss in the window.",
        figure=COUNTED,
    )

    # Judgement
    payment_score = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="1 to 100, weighted by amount: 80 is on the due date, 50 is 30 days late, 40 is 60"
        " days late. Overdue instalments count at today's age, write-offs as 1.",
        figure=MEASURED,
    )
    payment_risk = fields.Selection(
        [("unknown", "Unknown"), ("low", "Low"), ("medium", "Medium"), ("high", "High")],
        readonly=True,
        help="Band of the payment score.",
        figure=Figure(empty="unknown"),
    )
    health_score = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: weighted mean of payment score, exposure, trend and purchases; with little"
        " history drawn towards the mean of the company's customers.",
        figure=MEASURED,
    )
    health_status = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("healthy", "Healthy"),
            ("watch", "Watch"),
            ("at_risk", "At Risk"),
        ],
        readonly=True,
        help="Band of the health score. Unknown: nothing was settled or overdue. A high payment"
        " risk is never healthy.",
        figure=Figure(empty="unknown"),
    )

    # Business
    revenue_12m = fields.Monetary(
        "Revenue (12 Months)",
        readonly=True,
        help="Untaxed, less credit notes, of a year.",
        figure=COUNTED,
    )
