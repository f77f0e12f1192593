from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.query import Query

from .cash import Cash
from .conversation import Conversation
from .diagnosis import Diagnosis
from .facts import Facts
from .judgement import Judgement
from .live import Live
from .reader import Reader
from .reasons import Reasons
from .refresh import Refresh
from .trend import Trend


class CrmCustomerHealth(
    Reader,
    Refresh,
    Facts,
    Judgement,
    Reasons,
    Cash,
    Live,
    Diagnosis,
    Trend,
    Conversation,
    models.Model,
):
    """One row per company and customer: what is open, how the customer pays, and what it means.

    The stored rows serve lists, searches and groups; who opens one customer while a change waits to
    be worked off sees figures computed at that moment (``live.py``). All
    amounts are in the company's currency. Nobody writes here: the rows are what the journals say.

    The row is also the place of what people say about the customer (``conversation.py``).
    """

    _name = "crm.customer.health"
    _description = "Customer Health"
    _inherit = ["crm.customer.figures", "mail.thread", "mail.activity.mixin"]
    _order = "overdue_amount desc, id"

    partner_id = fields.Many2one(index=True)
    refreshed_at = fields.Datetime(readonly=True, help="When the row was last written.")
    refreshed_for = fields.Date(readonly=True, help="The day the row was last written for.")
    computed_at = fields.Datetime(
        compute="_compute_computed_at", help="When the figures were computed."
    )
    as_of_date = fields.Date(
        compute="_compute_computed_at", help="The day on which the figures are judged."
    )

    # Exposure
    open_amount = fields.Monetary(
        "Open",
        readonly=True,
        help="What the customer owes, before credits: not due, overdue and disputed.",
    )
    not_due_amount = fields.Monetary(
        "Not Due", readonly=True, help="What is open on instalments that are not due yet."
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        readonly=True,
        help="What is open on instalments past their due date; disputed invoices excepted.",
    )
    overdue_1_30 = fields.Monetary("Overdue 1-30", readonly=True, help="Overdue for 1 to 30 days.")
    overdue_31_60 = fields.Monetary(
        "Overdue 31-60", readonly=True, help="Overdue for 31 to 60 days."
    )
    overdue_61_90 = fields.Monetary(
        "Overdue 61-90", readonly=True, help="Overdue for 61 to 90 days."
    )
    overdue_over_90 = fields.Monetary(
        "Overdue 90+", readonly=True, help="Overdue for more than 90 days."
    )
    net_overdue_amount = fields.Monetary(
        "Overdue, Net",
        readonly=True,
        help="What is overdue, less what was received or credited and is not matched yet: it would"
        " settle the oldest debts first. Judged by this amount.",
    )
    disputed_amount = fields.Monetary(
        "Disputed",
        readonly=True,
        help="What is open on blocked invoices: owed, but neither overdue nor in the score.",
    )
    unapplied_credit_amount = fields.Monetary(
        "Unapplied Credit",
        readonly=True,
        help="Payments and credit notes that are not matched with an invoice.",
    )
    overdue_count = fields.Integer(
        "Overdue Instalments", readonly=True, help="How many instalments are overdue."
    )
    oldest_due_date = fields.Date(
        "Overdue Since", readonly=True, help="Due date of the oldest overdue instalment."
    )
    days_overdue = fields.Integer(
        readonly=True, aggregator="max", help="Days since the oldest overdue instalment was due."
    )
    needs_action = fields.Boolean(
        readonly=True,
        help="So much is overdue for so many days that the company's policy asks to act.",
    )

    # Behaviour in the window
    paid_amount = fields.Monetary(
        "Paid", readonly=True, help="Money received for invoices in the window, less paid back."
    )
    payment_count = fields.Integer(
        "Settlements",
        readonly=True,
        help="How many instalments, or parts, were paid in the window.",
    )
    days_to_pay = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days from invoice to payment, weighted by amount.",
    )
    median_days_to_pay = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Half of the payments came within so many days of the invoice.",
    )
    days_beyond_terms = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days from due date to payment, weighted by amount; negative when early.",
    )
    days_beyond_terms_late = fields.Float(
        "Days Late",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days beyond terms with early payments counted as on time.",
    )
    median_days_beyond_terms = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Half of the payments came within so many days of the due date.",
    )
    on_time_rate = fields.Float(
        "Paid on Time",
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        help="Share of the paid amount that came by the due date.",
    )
    written_off_amount = fields.Monetary(
        "Written Off", readonly=True, help="What was given up as a loss in the window."
    )
    scored_count = fields.Integer(
        "Scored Items",
        readonly=True,
        help="How many instalments were settled in the window or are overdue: what the payment"
        " score rests on.",
    )

    # Judgement
    payment_score = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="1 to 100, weighted by amount: 80 is on the due date, 50 is 30 days late, 40 is 60"
        " days late. Overdue instalments count at today's age, write-offs as 1.",
    )
    payment_trend = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Payment score of the last three months less that of the months before.",
    )
    payment_risk = fields.Selection(
        [("unknown", "Unknown"), ("low", "Low"), ("medium", "Medium"), ("high", "High")],
        readonly=True,
        index=True,
        help="Band of the payment score.",
    )
    payment_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="The payment score as part of the health score.",
    )
    exposure_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: what was paid in the window, as a part of it and what is overdue; money in"
        " the house counts as paid.",
    )
    trend_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: 50 and the payment trend.",
    )
    purchase_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: how recently and how often the customer buys, compared with the others.",
    )
    health_score = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: weighted mean of payment score, exposure, trend and purchases; with little"
        " history drawn towards the mean of the company's customers.",
    )
    health_status = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("healthy", "Healthy"),
            ("watch", "Watch"),
            ("at_risk", "At Risk"),
        ],
        readonly=True,
        index=True,
        help="Band of the health score. Unknown: nothing was settled or overdue. A high payment"
        " risk is never healthy.",
    )
    health_reasons = fields.Text(
        "Why",
        compute="_compute_health_reasons",
        help="What the status rests on, the weightiest first.",
    )

    # Business
    first_invoice_date = fields.Date(
        "First Invoice", readonly=True, help="Date of the first posted invoice or receipt."
    )
    last_invoice_date = fields.Date(
        "Last Invoice", readonly=True, help="Date of the last posted invoice or receipt."
    )
    invoice_count = fields.Integer(
        "Invoices", readonly=True, help="Posted invoices and receipts of all time."
    )
    invoice_count_12m = fields.Integer(
        "Invoices (12 Months)", readonly=True, help="Posted invoices and receipts of a year."
    )
    revenue_12m = fields.Monetary(
        "Revenue (12 Months)", readonly=True, help="Untaxed, less credit notes, of a year."
    )
    revenue_prev_12m = fields.Monetary(
        "Revenue (12 Months Before)",
        readonly=True,
        help="Untaxed, less credit notes, of the year before the last.",
    )
    average_invoice_amount = fields.Monetary(
        "Average Invoice",
        readonly=True,
        aggregator="avg",
        help="Mean untaxed amount of the invoices and receipts of all time.",
    )
    purchase_interval_days = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Median days between purchases; from three invoices on.",
    )
    expected_next_invoice_date = fields.Date(
        "Next Purchase Expected", readonly=True, help="Last invoice and the usual interval."
    )
    is_lapsed = fields.Boolean(
        "Lapsed", readonly=True, help="Silent for more than twice the usual interval."
    )
    rfm_recency = fields.Integer(
        "Recency",
        readonly=True,
        aggregator="avg",
        help="1 to 5 among the company's customers; 5 bought most recently.",
    )
    rfm_frequency = fields.Integer(
        "Frequency",
        readonly=True,
        aggregator="avg",
        help="1 to 5 among the company's customers; 5 bought most often in twelve months.",
    )
    rfm_monetary = fields.Integer(
        "Monetary Value",
        readonly=True,
        aggregator="avg",
        help="1 to 5 among the company's customers; 5 brought most revenue in twelve months.",
    )
    rfm_segment = fields.Selection(
        [
            ("champions", "Champions"),
            ("loyal", "Loyal"),
            ("potential_loyalist", "Potential Loyalist"),
            ("new", "New"),
            ("promising", "Promising"),
            ("need_attention", "Need Attention"),
            ("about_to_sleep", "About to Sleep"),
            ("cant_lose", "Can't Lose"),
            ("at_risk", "At Risk of Leaving"),
            ("hibernating", "Hibernating"),
        ],
        string="Segment",
        readonly=True,
        index=True,
        help="From recency and frequency.",
    )
    dso_countback = fields.Float(
        "Count-Back DSO",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days of sales that what is open stands for, the newest sales taken off first.",
    )

    # Live
    is_being_updated = fields.Boolean(
        compute="_compute_is_being_updated",
        help="Something changed in accounting, or a new day has begun, and the customer is not"
        " computed anew yet.",
    )

    # Diagnosis
    ageing_graph = fields.Text(
        compute="_compute_ageing_graph", help="What is open by age, as a bar chart."
    )
    has_trend = fields.Boolean(
        compute="_compute_has_trend", help="There are payments to compare with those before."
    )
    payment_method_ids = fields.One2many(
        "crm.customer.payment.method",
        "health_id",
        string="Payment Methods",
        help="How the customer paid in the window, and which share of the amount.",
    )
    visible_invoice_count = fields.Integer(
        compute="_compute_visible_invoice_count",
        help="Posted invoices, receipts and credit notes of the customer that you may open.",
    )
    opportunity_count = fields.Integer(
        compute="_compute_opportunity_count",
        help="Opportunities of the customer that you may open.",
    )

    change_ids = fields.One2many(
        "crm.customer.health.change",
        compute="_compute_change_ids",
        string="Status Changes",
        help="The last changes of the status, and why.",
    )

    # Trend
    score_graph = fields.Text(
        "Health Score by Month",
        compute="_compute_graphs",
        help="Health score at the last twelve month ends.",
    )
    overdue_graph = fields.Text(
        "Overdue by Month",
        compute="_compute_graphs",
        help="What was overdue at the last twelve month ends.",
    )
    snapshot_count = fields.Integer(
        "Month Ends",
        compute="_compute_graphs",
        help="How many month ends are kept of this customer.",
    )

    # A constraint: merging customers looks for it, to leave one row.
    _company_partner_uniq = models.Constraint(
        "UNIQUE (company_id, partner_id)", "A customer has one health row in a company."
    )

    @api.model
    def _get_selection(self, field_name: str) -> list[tuple[str, str]]:
        """Values of a selection and their labels in the user's language, for fields elsewhere that
        show it.
        """
        return self._fields[field_name]._description_selection(self.env)

    @api.model
    def _join_customers(self, query: Query, alias: str, *, partner: SQL, company: SQL) -> str:
        """Join the rows of these customers in these companies that the user may see.

        :return: the alias of the rows; without row its columns are NULL
        """
        health_alias = query.make_alias(alias, "health")
        visible = self._search([("company_id", "in", self.env.companies.ids)])
        query.add_join(
            "LEFT JOIN",
            health_alias,
            self._table,
            SQL(
                "%s = %s AND %s = %s AND %s IN %s",
                SQL.identifier(health_alias, "partner_id"),
                partner,
                SQL.identifier(health_alias, "company_id"),
                company,
                SQL.identifier(health_alias, "id"),
                visible.subselect(),
            ),
        )
        return health_alias

    @api.depends("refreshed_at", "refreshed_for")
    def _compute_computed_at(self):
        """A row that did not change when all customers were computed was not written."""
        norms = (
            self.env["crm.customer.health.norm"]
            .sudo()  # only when all customers were computed
            .search([("company_id", "in", self.company_id.ids)])
        )
        norm_by_company = {norm.company_id.id: norm for norm in norms}
        for health in self:
            norm = norm_by_company.get(health.company_id.id, norms.browse())
            times = [time for time in (health.refreshed_at, norm.computed_at) if time]
            days = [day for day in (health.refreshed_for, norm.as_of_date) if day]
            health.computed_at = max(times, default=False)
            health.as_of_date = max(days, default=False)
