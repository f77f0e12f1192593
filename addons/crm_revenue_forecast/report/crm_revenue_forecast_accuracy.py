from odoo import fields, models
from odoo.tools import SQL

#: Weeks whose sum is judged as one.
NEAR_WEEKS = 4
#: What a record is of, and, with the Monday, a week that was foretold.
SLICE = SQL("company_id, slice_type, user_id")


class CrmRevenueForecastAccuracy(models.Model):
    """How right the forecasts of past Mondays were, by weeks ahead; 0 is the next four together."""

    _name = "crm.revenue.forecast.accuracy"
    _inherit = ["account.company.amounts"]
    _description = "Track Record of the Forecast"
    _auto = False
    _order = "slice_type, company_id, user_id, week"
    _rec_name = "week"
    _depends = {
        "crm.revenue.forecast.week": [
            "as_of_date",
            "by_due",
            "collected",
            "company_id",
            "expected",
            "high",
            "hit_count",
            "is_current",
            "kind",
            "low",
            "settled_count",
            "slice_type",
            "user_id",
            "week",
            "week_start",
        ]
    }

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    slice_type = fields.Selection(
        [("company", "Company"), ("user", "Salesperson")], string="Figures of", readonly=True
    )
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    week = fields.Integer(
        "Weeks Ahead",
        aggregator=None,
        readonly=True,
        help="1 is the week that begins on the Monday; 0 the next four weeks together.",
    )
    monday_count = fields.Integer(
        "Mondays", aggregator=None, readonly=True, help="Mondays whose weeks are over."
    )
    independent_count = fields.Integer(
        "Independent Weeks",
        aggregator=None,
        readonly=True,
        help="How many different weeks were foretold: what the share within the band rests on.",
    )
    expected = fields.Monetary(readonly=True)
    collected = fields.Monetary(readonly=True)
    error = fields.Float(
        "Error (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
        help="By how much the expectation was off, in percent of what came.",
    )
    due_error = fields.Float(
        "Error by Due Date (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
        help="By how much it would have been off if everything came on its due date.",
    )
    skill = fields.Float(
        digits=(16, 2),
        aggregator=None,
        readonly=True,
        help="1 - error / error by due date: 1 is always right, 0 no better than due dates. Where"
        " it is 0 or less the forecast is what is due.",
    )
    bias = fields.Float(
        "Bias (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
        help="By how much more was expected than came; negative for less.",
    )
    coverage = fields.Float(
        "Within the Band (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
        help="How many of the weeks were within their band, which is to hold 80 % of them.",
    )
    coverage_margin = fields.Float(
        "Chance (± %)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
        help="So far off 80 % may be chance, with so few independent weeks (two standard"
        " deviations).",
    )
    hit_rate = fields.Float(
        "Within 7 Days (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
        help="How many of the instalments that were settled had been expected within seven days of"
        " that.",
    )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT ROW_NUMBER() OVER (ORDER BY %(slice)s, week)::int AS id, record.*,
                   1 - error / NULLIF(due_error, 0) AS skill,
                   200 * SQRT(0.8 * 0.2 / independent_count) AS coverage_margin
              FROM (
                SELECT %(slice)s, week,
                       COUNT(*) AS monday_count,
                       COUNT(DISTINCT last_start)
                           + MAX(last_start - week_start) / 7 AS independent_count,
                       SUM(expected) AS expected,
                       SUM(collected) AS collected,
                       %(error)s AS error,
                       %(due_error)s AS due_error,
                       100 * (SUM(expected) / NULLIF(SUM(collected), 0) - 1) AS bias,
                       100.0 * SUM(inside) / SUM(weeks) AS coverage,
                       100.0 * SUM(hit_count) / NULLIF(SUM(settled_count), 0) AS hit_rate
                  FROM (%(single)s UNION ALL %(together)s) monday
                 GROUP BY %(slice)s, week
                   ) record
            """,
            slice=SLICE,
            error=self._get_error_sql(SQL("expected")),
            due_error=self._get_error_sql(SQL("by_due")),
            single=self._get_monday_sql(SQL("week"), SQL(", week")),
            together=self._get_monday_sql(
                SQL("0"), SQL("HAVING COUNT(*) = %s", NEAR_WEEKS), SQL("week <= %s", NEAR_WEEKS)
            ),
        )

    def _get_error_sql(self, foretold: SQL) -> SQL:
        """By how much what was foretold was off, in percent of what came."""
        return SQL("100 * SUM(ABS(collected - %s)) / NULLIF(SUM(collected), 0)", foretold)

    def _get_monday_sql(self, week: SQL, group: SQL, which: SQL | None = None) -> SQL:
        """What was expected on each Monday of weeks that are over, and what came."""
        return SQL(
            """
            SELECT %(slice)s, %(week)s AS week, as_of_date,
                   MIN(week_start) AS week_start, MAX(week_start) AS last_start,
                   %(sums)s, COUNT(*) AS weeks,
                   COUNT(*) FILTER (WHERE collected BETWEEN low AND high) AS inside
              FROM crm_revenue_forecast_week
             WHERE NOT is_current AND kind = 'week' AND collected IS NOT NULL AND %(which)s
             GROUP BY %(slice)s, as_of_date %(group)s
            """,
            slice=SLICE,
            sums=SQL(", ").join(
                SQL("SUM(%(name)s) AS %(name)s", name=SQL.identifier(name))
                for name in ("expected", "collected", "by_due", "hit_count", "settled_count")
            ),
            week=week,
            which=which or SQL("TRUE"),
            group=group,
        )
