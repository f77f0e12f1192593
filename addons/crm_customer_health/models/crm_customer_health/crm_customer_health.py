from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.query import Query

from ...figure import COUNTED, MEASURED, Figure
from ...mixins.crm_customer_figures import ACCOUNTING_GROUPS
from .cash import Cash
from .conversation import Conversation
from .diagnosis import Diagnosis
from .facts import Facts
from .judgement import RFM_SEGMENT, Judgement
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
    _inherit = ["crm.customer.kept.figures", "mail.thread", "mail.activity.mixin"]
    _order = "needs_action desc, overdue_amount desc, id"

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
    net_overdue_amount = fields.Monetary(
        "Overdue, Net",
        readonly=True,
        help="What is overdue, less what was received or credited and is not matched yet: it would"
        " settle the oldest debts first. Judged by this amount.",
        figure=COUNTED,
    )
    oldest_due_date = fields.Date(
        "Overdue Since",
        readonly=True,
        help="Due date of the oldest overdue instalment.",
        figure=Figure("as_of - days_overdue"),
    )
    needs_action = fields.Boolean(
        readonly=True,
        help="So much is overdue for so many days that the company's policy asks to act.",
        figure=Figure(empty=False),
    )

    unsent_amount = fields.Monetary(
        "Overdue, Never Sent",
        readonly=True,
        help="What is overdue on invoices that were never sent to the customer, as far as Odoo"
        " knows. Not looked at in companies that send none of their invoices from Odoo.",
        figure=COUNTED,
    )
    rejected_amount = fields.Monetary(
        "Overdue, Rejected",
        readonly=True,
        help="What is overdue on invoices that an e-invoice network rejected: the customer never"
        " got them.",
        figure=COUNTED,
    )
    net_amount = fields.Monetary(
        "Net",
        readonly=True,
        help="Open, less payments and credit notes that are not matched: the balance of the"
        " customer's receivable accounts in the ledger.",
        figure=Figure("COALESCE(open_amount, 0) - COALESCE(unapplied_credit_amount, 0)", empty=0),
    )

    # Behaviour in the window
    last_payment_date = fields.Date(
        "Last Payment",
        readonly=True,
        help="The last day in the window on which money was received for an invoice.",
        figure=MEASURED,
    )
    payment_count = fields.Integer(
        "Settlements",
        readonly=True,
        help="How many instalments, or parts, were paid in the window.",
        figure=COUNTED,
    )
    median_days_to_pay = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Half of the payments came within so many days of the invoice.",
        figure=MEASURED,
    )
    days_beyond_terms_late = fields.Float(
        "Days Late",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days beyond terms with early payments counted as on time.",
        figure=MEASURED,
    )
    median_days_beyond_terms = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Half of the payments came within so many days of the due date.",
        figure=MEASURED,
    )
    scored_count = fields.Integer(
        "Scored Items",
        readonly=True,
        help="How many instalments were settled in the window or are overdue: what the payment"
        " score rests on.",
        figure=COUNTED,
    )

    # Judgement
    payment_trend = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Payment score of the last three months less that of the months before.",
        figure=MEASURED,
    )
    payment_risk = fields.Selection(index=True)
    payment_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="The payment score as part of the health score.",
        figure=MEASURED,
    )
    exposure_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: what was paid in the window, as a part of it and what is overdue; money in"
        " the house counts as paid.",
        figure=MEASURED,
    )
    trend_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: 50 and the payment trend.",
        figure=MEASURED,
    )
    purchase_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="0 to 100: how recently and how often the customer buys, compared with the others.",
        figure=MEASURED,
    )
    health_status = fields.Selection(index=True)
    health_reasons = fields.Text(
        "Why",
        compute="_compute_health_reasons",
        help="What the status rests on, the weightiest first.",
    )

    # Business
    first_invoice_date = fields.Date(
        "First Invoice",
        readonly=True,
        help="Date of the first posted invoice or receipt.",
        figure=MEASURED,
    )
    last_invoice_date = fields.Date(
        "Last Invoice",
        readonly=True,
        help="Date of the last posted invoice or receipt.",
        figure=MEASURED,
    )
    invoice_count = fields.Integer(
        "Invoices", readonly=True, help="Posted invoices and receipts of all time.", figure=COUNTED
    )
    invoice_count_12m = fields.Integer(
        "Invoices (12 Months)",
        readonly=True,
        help="Posted invoices and receipts of a year.",
        figure=COUNTED,
    )
    revenue_prev_12m = fields.Monetary(
        "Revenue (12 Months Before)",
        readonly=True,
        help="Untaxed, less credit notes, of the year before the last.",
        figure=COUNTED,
    )
    average_invoice_amount = fields.Monetary(
        "Average Invoice",
        readonly=True,
        aggregator="avg",
        help="Mean untaxed amount of the invoices and receipts of all time.",
        figure=Figure("ROUND(average_invoice_amount, decimal_places)"),
    )
    purchase_interval_days = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Median days between purchases; from three invoices on.",
        figure=MEASURED,
    )
    expected_next_invoice_date = fields.Date(
        "Next Purchase Expected",
        readonly=True,
        help="Last invoice and the usual interval.",
        figure=Figure("last_invoice_date + ROUND(purchase_interval_days::numeric)::int"),
    )
    is_lapsed = fields.Boolean(
        "Lapsed",
        readonly=True,
        help="Silent for more than twice the usual interval.",
        figure=Figure("recency_days > 2 * purchase_interval_days", empty=False),
    )
    rfm_recency = fields.Integer(
        "Recency",
        readonly=True,
        aggregator="avg",
        help="1 to 5 among the company's customers; 5 bought most recently.",
        figure=MEASURED,
    )
    rfm_frequency = fields.Integer(
        "Frequency",
        readonly=True,
        aggregator="avg",
        help="1 to 5 among the company's customers; 5 bought most often in twelve months.",
        figure=MEASURED,
    )
    rfm_monetary = fields.Integer(
        "Monetary Value",
        readonly=True,
        aggregator="avg",
        help="1 to 5 among the company's customers; 5 brought most revenue in twelve months.",
        figure=MEASURED,
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
        figure=Figure(RFM_SEGMENT),
    )
    dso_countback = fields.Float(
        "Count-Back DSO",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Days of sales that what is open stands for, the newest sales taken off first.",
        figure=MEASURED,
    )

    # Live
    is_being_updated = fields.Boolean(
        compute="_compute_is_being_updated",
        help="Something changed in accounting, or a new day has begun, and the customer is not"
        " computed anew yet.",
    )

    # Diagnosis
    # Not "email": messages on the row would go to the customer.
    customer_phone = fields.Char("Phone", related="partner_id.phone")
    customer_email = fields.Char("Email", related="partner_id.email")
    open_item_ids = fields.One2many(
        "account.move.line",
        compute="_compute_open_item_ids",
        string="Open Items",
        groups=ACCOUNTING_GROUPS,
        help="What the customer owes, instalment by instalment, the longest due first, and credits"
        " that are not matched; no more than a page.",
    )
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
