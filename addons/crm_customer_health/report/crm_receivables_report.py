from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.query import Query

from ..models.crm_customer_health_policy.provision import RATE_BY_BAND

#: Ratios of groups: numerator and denominator, which are summed over the rows.
RATIOS = {
    "dso": ("%(open_amount)s * %(days)s", "%(sales_amount)s"),
    "best_possible_dso": ("%(not_due_amount)s * %(days)s", "%(sales_amount)s"),
    "average_days_delinquent": (
        "(%(open_amount)s - %(not_due_amount)s) * %(days)s",
        "%(sales_amount)s",
    ),
    "collection_effectiveness": (
        "100 * (%(begin_amount)s + %(sales_amount)s - %(open_amount)s)",
        "(%(begin_amount)s + %(sales_amount)s - %(not_due_amount)s)",
    ),
}

#: What stands at a month end; of several months that of the last.
BALANCES = ("open_amount", "not_due_amount", "overdue_amount", "provision_amount")


class CrmReceivablesReport(models.Model):
    """Company figures: what is owed to a company at each month end, and how fast it is collected.

    One row per company, month end and slice: the whole company, or the customers of a salesperson,
    a sales team or a country, as they are assigned now. Slices of one kind add up to the company;
    slices of different kinds count the same customers. In company currency. Of a group of several
    months, what stands at a month end is that of the last one.
    """

    _name = "crm.receivables.report"
    _inherit = ["crm.customer.month.ends"]
    _description = "Receivables by Month"
    _auto = False
    _rec_name = "slice_name"
    _order = "date desc, slice_type, open_amount desc, id"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date("Month End", readonly=True)
    slice_type = fields.Selection(
        [
            ("company", "Company"),
            ("user", "Salesperson"),
            ("team", "Sales Team"),
            ("country", "Country"),
        ],
        string="Figures of",
        readonly=True,
        help="Whose customers the row is about: all of the company, or those that a salesperson, a"
        " sales team or a country has now.",
    )
    slice_name = fields.Char(
        "Slice", readonly=True, help="Name of the company, salesperson, sales team or country."
    )
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales Team", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    days = fields.Integer("Days of the Month", aggregator="avg", readonly=True)

    begin_amount = fields.Monetary(
        "Open at Begin",
        readonly=True,
        help="Receivables open at the end of the month before. Empty for the first month that is"
        " kept.",
    )
    sales_amount = fields.Monetary(
        "Sales of the Month",
        readonly=True,
        help="Posted invoices and receipts dated in the month, with taxes, less credit notes.",
    )
    open_amount = fields.Monetary(
        "Open",
        readonly=True,
        help="Receivables open at the month end, before unapplied credits: not due, overdue and"
        " disputed.",
    )
    not_due_amount = fields.Monetary(
        "Not Due", readonly=True, help="Receivables that were not due yet at the month end."
    )
    overdue_amount = fields.Monetary(
        "Overdue",
        readonly=True,
        help="Receivables past their due date at the month end; disputed invoices excepted.",
    )
    dso = fields.Float(
        "DSO",
        digits=(16, 2),
        aggregator="avg",
        readonly=True,
        help="Days sales outstanding: open receivables x days of the month / sales of the month."
        " Empty in a month without sales. Groups: all receivables over all sales.",
    )
    best_possible_dso = fields.Float(
        "Best Possible DSO",
        digits=(16, 2),
        aggregator="avg",
        readonly=True,
        help="What the DSO would be if everybody paid on the due date: receivables not due x days"
        " of the month / sales of the month.",
    )
    average_days_delinquent = fields.Float(
        digits=(16, 2),
        aggregator="avg",
        readonly=True,
        help="Days by which customers delay beyond their terms: DSO less best possible DSO.",
    )
    collection_effectiveness = fields.Float(
        "Collection Effectiveness (%)",
        digits=(16, 2),
        aggregator="avg",
        readonly=True,
        help="Of what could be collected in the month, the percentage that was: (open at begin +"
        " sales - open) / (open at begin + sales - not due) x 100. Empty where nothing could be"
        " collected, or where more is open than was sold.",
    )
    dso_countback = fields.Float(
        "Count-Back DSO",
        digits=(16, 2),
        aggregator="avg",
        readonly=True,
        help="Days of sales that the open receivables stand for: the newest month's sales are taken"
        " off first, and its days counted; the month in which nothing is left counts in proportion."
        " At most the months that are kept.",
    )
    provision_amount = fields.Monetary(
        "Provision",
        readonly=True,
        help="Indicator: what is expected never to be paid, by the provision rates of the settings"
        " for each age. Disputed invoices are not in it.",
    )

    _depends = {
        "crm.customer.health.month": ["company_id", "date"],
        "crm.customer.health.policy": ["company_id", *RATE_BY_BAND.values()],
        "crm.customer.health.snapshot": [
            "company_id",
            "date",
            "disputed_amount",
            "invoiced_amount",
            "open_amount",
            "overdue_amount",
            "partner_id",
            *RATE_BY_BAND,
        ],
        "crm.team": ["name"],
        "res.company": ["currency_id", "name"],
        "res.country": ["name"],
        "res.partner": ["country_id", "name", "user_id"],
        "res.users": ["partner_id", "sale_team_id"],
    }

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            WITH part AS (%(parts)s), slice AS (%(slices)s), countback AS (%(countback)s)
            SELECT ROW_NUMBER() OVER (
                       ORDER BY slice.company_id, slice.date, slice_type, slice_id) AS id,
                   slice.company_id, slice.date, slice_type,
                   slice.user_id, slice.team_id, slice.country_id,
                   COALESCE(team.name->>%(lang)s, team.name->>'en_US',
                            country.name->>%(lang)s, country.name->>'en_US',
                            owner.name,
                            CASE WHEN slice_type = 'company' THEN company.name END,
                            %(nobody)s) AS slice_name,
                   days, begin_amount, sales_amount, open_amount, not_due_amount, overdue_amount,
                   CASE WHEN sales_amount > 0 THEN ROUND(open_amount * days / sales_amount, 2) END
                       AS dso,
                   CASE WHEN sales_amount > 0
                        THEN ROUND(not_due_amount * days / sales_amount, 2) END
                       AS best_possible_dso,
                   CASE WHEN sales_amount > 0
                        THEN ROUND((open_amount - not_due_amount) * days / sales_amount, 2) END
                       AS average_days_delinquent,
                   CASE WHEN begin_amount + sales_amount > not_due_amount
                         AND begin_amount + sales_amount >= open_amount
                        THEN ROUND(100 * (begin_amount + sales_amount - open_amount)
                                   / (begin_amount + sales_amount - not_due_amount), 2) END
                       AS collection_effectiveness,
                   ROUND(countback.dso_countback, 2) AS dso_countback,
                   ROUND(%(provision)s, currency.decimal_places) AS provision_amount
              FROM slice
              LEFT JOIN countback USING (company_id, date, slice_type, slice_id)
              JOIN res_company company ON company.id = slice.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              LEFT JOIN crm_customer_health_policy policy ON policy.company_id = slice.company_id
              LEFT JOIN res_users salesperson ON salesperson.id = slice.user_id
              LEFT JOIN res_partner owner ON owner.id = salesperson.partner_id
              LEFT JOIN crm_team team ON team.id = slice.team_id
              LEFT JOIN res_country country ON country.id = slice.country_id
            """,
            parts=self._get_part_sql(),
            slices=self._get_slice_sql(),
            countback=self._get_countback_sql(),
            lang=self.env.lang or "en_US",
            nobody=self.env._("Nobody"),
            provision=SQL(" + ").join(
                SQL(
                    "%s * COALESCE(%s, 0)::numeric / 100",
                    SQL.identifier("slice", amount),
                    SQL.identifier("policy", rate),
                )
                for amount, rate in RATE_BY_BAND.items()
            ),
        )

    def _get_part_sql(self) -> SQL:
        """Sums over customers of one salesperson and country: few rows, read by all slices."""
        return SQL(
            """
            SELECT snapshot.company_id, snapshot.date, partner.user_id,
                   salesperson.sale_team_id AS team_id, partner.country_id, %s,
                   SUM(snapshot.open_amount) AS open_amount,
                   SUM(snapshot.overdue_amount) AS overdue_amount,
                   SUM(snapshot.invoiced_amount) AS sales_amount
              FROM crm_customer_health_snapshot snapshot
              JOIN res_partner partner ON partner.id = snapshot.partner_id
              LEFT JOIN res_users salesperson ON salesperson.id = partner.user_id
             GROUP BY snapshot.company_id, snapshot.date, partner.user_id,
                      salesperson.sale_team_id, partner.country_id
            """,
            SQL(", ").join(
                SQL("SUM(%s) AS %s", SQL.identifier("snapshot", name), SQL.identifier(name))
                for name in RATE_BY_BAND
            ),
        )

    def _get_slice_sql(self) -> SQL:
        """Sums by slice, with what was open a month before and the sales up to the month.

        A slice without a row a month before had nothing open then, if the month end was kept.
        """
        names = [*RATE_BY_BAND, "open_amount", "overdue_amount", "sales_amount"]
        return SQL(
            """
            SELECT summed.*,
                   EXTRACT(day FROM date)::int AS days,
                   SUM(GREATEST(sales_amount, 0)) OVER by_slice AS sales_upto,
                   CASE WHEN LAG(date) OVER by_slice = month_end_before
                        THEN LAG(open_amount) OVER by_slice
                        WHEN month_end_before IN (
                            SELECT month.date FROM crm_customer_health_month month
                             WHERE month.company_id = summed.company_id)
                        THEN 0 END AS begin_amount
              FROM (
                SELECT company_id, date,
                       date - EXTRACT(day FROM date)::int AS month_end_before,
                       CASE WHEN GROUPING(user_id) = 0 THEN 'user'
                            WHEN GROUPING(team_id) = 0 THEN 'team'
                            WHEN GROUPING(country_id) = 0 THEN 'country'
                            ELSE 'company' END AS slice_type,
                       COALESCE(user_id, team_id, country_id, 0) AS slice_id,
                       user_id, team_id, country_id,
                       %s
                  FROM part
                 GROUP BY company_id, date, GROUPING SETS ((), (user_id), (team_id), (country_id))
              ) summed
            WINDOW by_slice AS (PARTITION BY company_id, slice_type, slice_id ORDER BY date)
            """,
            SQL(", ").join(
                SQL("SUM(%s) AS %s", SQL.identifier(name), SQL.identifier(name)) for name in names
            ),
        )

    def _get_countback_sql(self) -> SQL:
        """Count-back days sales outstanding by slice, of the months that are kept."""
        return SQL(
            """
            SELECT slice.company_id, slice.date, slice_type, slice_id,
                   CASE WHEN slice.open_amount > 0 THEN %s
                        WHEN BOOL_OR(back.sales_amount > 0) THEN 0
                   END AS dso_countback
              FROM slice
              JOIN slice back USING (company_id, slice_type, slice_id)
             WHERE back.date <= slice.date
             GROUP BY slice.company_id, slice.date, slice_type, slice_id, slice.open_amount
            """,
            self.env["crm.customer.health"]._get_countback_days_sql(
                age=SQL("slice.date - back.date"),
                days=SQL("back.days"),
                sales=SQL("back.sales_amount"),
                before=SQL("slice.sales_upto - back.sales_upto"),
                open_amount=SQL("slice.open_amount"),
                has_sales=SQL("back.sales_amount > 0"),
            ),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """A ratio of a group is not the mean of ratios: sums over sums, of rows that have it.

        What is open at several month ends does not add up: it is that of the last one.
        """
        field_name, __, aggregator = aggregate_spec.partition(":")
        if aggregator in ("sum", "sum_currency") and field_name in BALANCES:
            return self._get_balance_sql(aggregate_spec, query)
        if aggregate_spec in ("begin_amount:sum", "begin_amount:sum_currency"):
            return self._get_balance_sql(aggregate_spec, query, "MIN")
        if aggregator != "avg" or field_name not in RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        numerator, denominator = RATIOS[field_name]
        columns = {
            name: self._get_converted_sql(name, query)
            for name in ("begin_amount", "not_due_amount", "open_amount", "sales_amount")
        }
        columns["days"] = self._field_to_sql(self._table, "days", query)
        return SQL(
            "ROUND(SUM(%(numerator)s) FILTER (WHERE %(ratio)s IS NOT NULL)"
            " / NULLIF(SUM(%(denominator)s) FILTER (WHERE %(ratio)s IS NOT NULL), 0), 2)",
            numerator=SQL(numerator, **columns),
            denominator=SQL(denominator, **columns),
            ratio=self._field_to_sql(self._table, field_name, query),
        )
