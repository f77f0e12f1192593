from odoo import fields, models

from .band import Band
from .cash import Cash
from .proof import Proof
from .refresh import Refresh


class CrmRevenueForecastWeek(Cash, Refresh, Proof, Band, models.Model):
    """What comes in which week, as it was expected on a day: today, and each Monday of the past.

    Rows of a day and company, or salesperson, sum up to what the ledger says: weeks, later, not
    predictable, disputed, less money in the house. Nobody writes here, and what was expected on a
    past Monday stays.
    """

    _name = "crm.revenue.forecast.week"
    _inherit = ["account.company.amounts"]
    _description = "Cash of a Week"
    _order = "as_of_date desc, slice_type, user_id, week"
    _rec_name = "week_start"
    _log_access = False

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of_date = fields.Date(
        "As Of",
        required=True,
        readonly=True,
        index=True,
        help="The day on which it was expected, from what was known when it began.",
    )
    is_current = fields.Boolean(readonly=True, help="What is expected now.")
    slice_type = fields.Selection(
        [("company", "Company"), ("user", "Salesperson")],
        string="Figures of",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", readonly=True, index=True, ondelete="cascade"
    )
    team_id = fields.Many2one(
        related="user_id.sale_team_id",
        string="Sales Team",
        help="The team of the salesperson who has the customer now.",
    )
    kind = fields.Selection(
        [
            ("overdue", "Overdue"),
            ("week", "Week"),
            ("later", "Later"),
            ("unpredictable", "Not Predictable"),
            ("disputed", "Disputed"),
            ("unmatched", "Money in the House"),
        ],
        required=True,
        readonly=True,
        help="Overdue is only where what is due comes without a day. Not predictable is what is so"
        " late, or whose customer is so slow, that no payment says when it comes.",
    )
    week = fields.Integer(
        "Weeks Ahead", readonly=True, aggregator=None, help="1 is the week of the day itself."
    )
    week_start = fields.Date("Week", readonly=True, help="Its Monday.")
    expected = fields.Monetary(
        readonly=True, help="Open amounts x the probability that they come in the week."
    )
    low = fields.Monetary(
        aggregator=None,
        readonly=True,
        help="In one of ten weeks less comes, as on the company's own past Mondays.",
    )
    high = fields.Monetary(
        aggregator=None,
        readonly=True,
        help="In one of ten weeks more comes, as on the company's own past Mondays.",
    )
    variance = fields.Float(
        readonly=True, aggregator=None, help="If customers paid independently of each other."
    )
    is_by_due = fields.Boolean(
        "Due Date Is Better",
        readonly=True,
        help="On the company's past Mondays the due dates foretold the cash so many weeks ahead"
        " better than what was expected: the forecast is what is due.",
    )
    forecast = fields.Monetary(
        readonly=True,
        help="What is expected; what is due where the past says that this is the better forecast.",
    )
    by_due = fields.Monetary("By Due Date", readonly=True, help="Open amounts due in the week.")
    planned = fields.Monetary(
        "Not Invoiced Yet",
        readonly=True,
        help="Expected of drafts, orders and, by their probability, deals; apart from what is owed"
        " today.",
    )
    collected = fields.Monetary(
        readonly=True,
        help="Money received. Of a past Monday what came of the invoices of before, of which the"
        " forecast speaks.",
    )
    settled_count = fields.Integer(
        readonly=True, help="Instalments open on the Monday whose last payment came in the week."
    )
    hit_count = fields.Integer(
        "Within 7 Days",
        readonly=True,
        help="Of these, the ones that were expected within seven days of it.",
    )

    _current_idx = models.Index("(company_id, week) WHERE is_current")

    def action_open_rows(self):
        """What is expected in the week: the customers' open items, by when they are expected."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_revenue_forecast.crm_revenue_forecast_action"
        )
        return {**action, "context": {}, "domain": self._get_row_domain()}
