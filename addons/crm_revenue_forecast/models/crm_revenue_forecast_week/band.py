from collections import defaultdict
from math import sqrt

from odoo import api
from odoo.tools import SQL

#: Past Mondays whose weeks say how wide a band is.
BAND_MONDAYS = 52
#: So many Mondays are needed to say that due dates are the better forecast.
LEAST_MONDAYS = 8
#: The band's ends: of ten weeks one is below and one above it.
BAND = (0.1, 0.9)
#: So many standard deviations leave one in ten below, if payers are independent of each other.
NORMAL_QUANTILE = 1.2815515655446004


def get_quantile(values: list[float], share: float) -> float:
    """The value that the next one of its kind is below with this probability: between the sorted
    values at ``share * (n + 1)``; no further than they go.
    """
    values = sorted(values)
    position = min(max(share * (len(values) + 1) - 1, 0), len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


class Band:
    """How far from the expectation the cash of a week may be, as the company's own past says."""

    __slots__ = ()

    @api.model
    def _write_bands(self, company, day, is_current):
        """The forecast of each week and its band: the forecast x what came of it, at the same
        number of weeks ahead, on the Mondays whose weeks were over on that day; never narrower than
        if the payers were independent of each other.

        The forecast is what is expected, or what is due where that was the better one.
        """
        by_due = self._get_weeks_by_due(company, day)
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_revenue_forecast_week
                   SET is_by_due = kind = 'week' AND week = ANY(%(by_due)s),
                       forecast = CASE WHEN kind = 'week' AND week = ANY(%(by_due)s)
                                       THEN by_due ELSE expected END
                 WHERE company_id = %(company)s AND as_of_date = %(day)s
                   AND is_current = %(is_current)s
             RETURNING id, slice_type, user_id, week, kind, expected::float8, forecast::float8,
                       variance
                """,
                by_due=by_due,
                company=company.id,
                day=day,
                is_current=is_current,
            )
        )
        rows = self.env.cr.fetchall()
        ratios = self._get_ratios(company, day, by_due)
        owed = defaultdict(float)
        for _id, slice_type, user_id, _week, kind, expected, *_rest in rows:
            if kind not in ("disputed", "unmatched"):
                owed[slice_type, user_id] += expected
        bands = []
        for row_id, slice_type, user_id, week, kind, _expected, forecast, variance in rows:
            if kind != "week":
                continue
            low, high = (forecast * get_quantile(ratios[week] or [1.0], share) for share in BAND)
            spread = NORMAL_QUANTILE * sqrt(variance or 0)
            bands.append(
                SQL(
                    "(%s, %s::numeric, %s::numeric)",
                    row_id,
                    company.currency_id.round(max(min(low, forecast - spread), 0.0)),
                    # No more can come than is owed.
                    company.currency_id.round(
                        min(max(high, forecast + spread), owed[slice_type, user_id])
                    ),
                )
            )
        if bands:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_revenue_forecast_week week SET low = band.low, high = band.high
                      FROM (VALUES %s) band (id, low, high)
                     WHERE week.id = band.id
                    """,
                    SQL(", ").join(bands),
                )
            )
        self.invalidate_model()

    @api.model
    def _get_weeks_by_due(self, company, day) -> list[int]:
        """The numbers of weeks ahead that the due dates foretold at least as well on the Mondays
        whose weeks were over on the day.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT week
                  FROM (%s) past
                 GROUP BY week
                HAVING COUNT(*) >= %s
                   AND SUM(ABS(collected - expected)) >= SUM(ABS(collected - by_due))
                   AND SUM(ABS(collected - expected)) > 0
                """,
                self._get_past_sql(company, day),
                LEAST_MONDAYS,
            )
        )
        return [week for [week] in rows]

    @api.model
    def _get_ratios(self, company, day, by_due: list[int]) -> dict[int, list[float]]:
        """What came of what was forecast, by weeks ahead, as far as it was known on the day."""
        ratios = defaultdict(list)
        for week, ratio in self.env.execute_query(
            SQL(
                """
                SELECT week, (collected / forecast)::float8
                  FROM (
                    SELECT week, collected,
                           CASE WHEN week = ANY(%s) THEN by_due ELSE expected END AS forecast
                      FROM (%s) past
                       ) past
                 WHERE forecast > 0
                """,
                by_due,
                self._get_past_sql(company, day),
            )
        ):
            ratios[week].append(ratio)
        return ratios

    @api.model
    def _get_past_sql(self, company, day) -> SQL:
        """The company's weeks of past Mondays that were over on a day."""
        return SQL(
            """
            SELECT week, collected, expected, by_due
              FROM crm_revenue_forecast_week
             WHERE company_id = %(company)s AND slice_type = 'company' AND NOT is_current
               AND kind = 'week' AND collected IS NOT NULL
               AND week_start + 7 <= %(day)s::date
               AND as_of_date >= %(day)s::date - 7 * %(mondays)s
            """,
            company=company.id,
            day=day,
            mondays=BAND_MONDAYS,
        )
