from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.query import Query

#: Of groups: numerator and denominator, which are summed over the rows.
RATIOS = {
    "cost_per_customer": ("cost", "new_customer_count"),
    "payback_months": ("cost", "monthly_margin"),
}


class CrmAcquisitionReport(models.Model):
    """Where customers come from, what that cost, and what they brought.

    A row per cost of a month, and per customer in the month of its first invoice. The source is
    that of the customer's first opportunity that has one. Company currency.
    """

    _name = "crm.acquisition.report"
    _inherit = ["account.company.amounts"]
    _description = "Winning Customers by Source"
    _auto = False
    _order = "date desc, id desc"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date("Month", readonly=True, help="Of the cost, or of the first invoice.")
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    medium_id = fields.Many2one("utm.medium", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    cost = fields.Monetary(
        "Acquisition Cost", readonly=True, help="What was spent to win customers."
    )
    new_customer_count = fields.Integer(
        "New Customers", readonly=True, help="Customers by the month of their first invoice."
    )
    invoiced_total = fields.Monetary(
        "Invoiced", readonly=True, help="Untaxed, less credit notes, of all time."
    )
    paid_total = fields.Monetary(
        "Paid", readonly=True, help="Money received for invoices, of all time, with taxes."
    )
    margin_total = fields.Monetary(
        "Margin", readonly=True, help="Revenue of known cost less cost, of all time."
    )
    monthly_margin = fields.Monetary(
        readonly=True, help="Margin by the months since the first invoice."
    )
    expected_value = fields.Monetary(
        readonly=True, help="Present value of the margins that are expected."
    )
    cost_per_customer = fields.Float(
        "Cost per Customer",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Acquisition cost by new customers. Groups: all cost over all customers.",
    )
    payback_months = fields.Float(
        "Payback (Months)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="So many months' margins of the new customers pay back what it cost to win them;"
        " empty where nothing was spent, or nothing is earned.",
    )

    _depends = {
        "crm.acquisition.cost": ["amount", "company_id", "month", "source_id", "medium_id"],
        "crm.customer.value": ["expected_value", "invoiced_total", "paid_total", "margin_total"],
    }

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT spent.id::bigint * 2 AS id, spent.company_id,
                   DATE_TRUNC('month', spent.month)::date AS date, NULL::int AS partner_id,
                   spent.source_id, spent.medium_id, spent.campaign_id, spent.amount AS cost,
                   0 AS new_customer_count, 0::numeric AS invoiced_total, 0::numeric AS paid_total,
                   0::numeric AS margin_total, 0::numeric AS monthly_margin,
                   0::numeric AS expected_value, NULL::float8 AS cost_per_customer,
                   NULL::float8 AS payback_months
              FROM crm_acquisition_cost spent
             UNION ALL
            SELECT value.id::bigint * 2 + 1, value.company_id,
                   DATE_TRUNC('month', value.first_invoice_date)::date, value.partner_id,
                   value.source_id, value.medium_id, value.campaign_id, 0, 1, value.invoiced_total,
                   value.paid_total, value.margin_total,
                   value.margin_total / GREATEST(1, value.age_weeks * 7 / 30.4375)::numeric,
                   value.expected_value, NULL, NULL
              FROM crm_customer_value value
             WHERE value.first_invoice_date IS NOT NULL
            """
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Ratios of groups are those of their sums."""
        name = aggregate_spec.split(":", maxsplit=1)[0]
        if name not in RATIOS or not aggregate_spec.endswith(":avg"):
            return super()._read_group_select(aggregate_spec, query)
        above, below = (self._field_to_sql(self._table, part, query) for part in RATIOS[name])
        return SQL("NULLIF(SUM(%s), 0) / NULLIF(GREATEST(SUM(%s), 0), 0)::numeric", above, below)
