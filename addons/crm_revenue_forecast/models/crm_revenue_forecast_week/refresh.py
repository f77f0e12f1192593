import json
from datetime import timedelta

from odoo import api
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope
from odoo.addons.crm_customer_health.models.crm_payment_expectation import INLINE_RELATIONS

from .cash import DISPUTED, LATER, OVERDUE, UNMATCHED, UNPREDICTABLE, WEEKS

#: What the numbers of weeks stand for.
KINDS = {
    OVERDUE: "overdue",
    LATER: "later",
    UNPREDICTABLE: "unpredictable",
    DISPUTED: "disputed",
    UNMATCHED: "unmatched",
}


class Refresh:
    """Keeping the weeks: what is expected now, and what was on Mondays."""

    __slots__ = ()

    @api.model
    def _refresh(self, company, is_prepared=False):
        """What is expected now. Runs with full rights.

        :param is_prepared: in this transaction all rows of the company's forecast were written
            before: what was found out about its customers is still there.
        """
        today = company._get_today()
        self._write_weeks(company, today, Scope(company), is_current=True, is_prepared=is_prepared)
        week_start = today - timedelta(days=today.weekday())
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_revenue_forecast_week week
                   SET collected = COALESCE((
                       SELECT SUM(cash.amount)
                         FROM (%(cash)s) cash
                         JOIN res_partner partner ON partner.id = cash.partner_id
                        WHERE week.slice_type = 'company'
                           OR partner.user_id IS NOT DISTINCT FROM week.user_id), 0)
                 WHERE week.company_id = %(company)s AND week.is_current AND week.week = 1
                """,
                cash=self.env["crm.customer.health"]._get_cash_sql(
                    company, None, week_start - timedelta(days=1), today
                ),
                company=company.id,
            )
        )
        self.invalidate_model()

    @api.model
    def _replay(self, company, monday):
        """What was to be expected on a Monday, from what was known when it began."""
        self._write_weeks(company, monday, Scope(company, as_of=monday - timedelta(days=1)))

    @api.model
    def _write_weeks(self, company, day, scope: Scope, is_current=False, is_prepared=False):
        self.env["crm.payment.expectation"]._flush_sources()
        self.env["res.partner"].flush_model(["user_id"])
        self.env["crm.revenue.forecast"].flush_model()
        self.flush_model()
        kept = SQL("is_current") if is_current else SQL("NOT is_current AND as_of_date = %s", day)
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_revenue_forecast_week WHERE company_id = %s AND %s",
                company.id,
                kept,
            )
        )
        relations = self._get_relations(scope)
        if is_prepared:
            relations = {
                name: select
                for name, select in relations.items()
                if name.startswith("week_") or name in INLINE_RELATIONS
            }
        with_sql = self.env["crm.payment.expectation"]._prepare_relations(relations, scope)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_revenue_forecast_week (
                    company_id, as_of_date, is_current, slice_type, user_id, kind, week, week_start,
                    expected, variance, by_due, planned)
                %(with)s
                SELECT %(company)s, %(day)s, %(is_current)s, slice_type, user_id,
                       COALESCE((%(kinds)s::jsonb) ->> week::text, 'week'), week,
                       CASE WHEN week BETWEEN 1 AND %(weeks)s
                            THEN date_trunc('week', %(day)s::date)::date + 7 * (week - 1) END,
                       SUM(expected), SUM(variance), SUM(by_due), SUM(planned)
                  FROM (%(slices)s) slice
                 GROUP BY slice_type, user_id, week
                """,
                **{"with": with_sql},
                slices=self._get_slice_sql(company, day, is_current),
                company=company.id,
                day=day,
                is_current=is_current,
                kinds=self._get_kinds(),
                weeks=WEEKS,
            )
        )
        self.invalidate_model()
        self._write_bands(company, day, is_current)

    @api.model
    def _get_kinds(self) -> str:
        return json.dumps(KINDS)

    @api.model
    def _get_slice_sql(self, company, day, is_current) -> SQL:
        """Rows of the salespeople, and of the company, which has all weeks."""
        parts = [
            SQL("SELECT user_id, week, expected, variance, by_due, 0 AS planned FROM week_cash")
        ]
        if is_current:
            parts.append(
                SQL(
                    """
                    SELECT user_id,
                           LEAST((GREATEST(cash_date, %(day)s)
                                  - date_trunc('week', %(day)s::date)::date) / 7 + 1, %(later)s),
                           0, 0, 0, weighted_amount
                      FROM crm_revenue_forecast
                     WHERE company_id = %(company)s
                       AND layer NOT IN ('open', 'overdue', 'disputed', 'unmatched')
                       AND cash_date IS NOT NULL
                    """,
                    day=day,
                    later=LATER,
                    company=company.id,
                )
            )
        return SQL(
            """
            SELECT 'user' AS slice_type, part.* FROM (%(parts)s) part
             UNION ALL
            SELECT 'company', NULL, week, expected, variance, by_due, planned
              FROM (%(parts)s) part
             UNION ALL
            SELECT slice_type, user_id, week, 0, 0, 0, 0
              FROM (
                SELECT 'company' AS slice_type, NULL::int AS user_id
                 UNION
                SELECT 'user', user_id FROM week_cash
                   ) slice
             CROSS JOIN GENERATE_SERIES(1, %(weeks)s) week (week)
            """,
            parts=SQL(" UNION ALL ").join(parts),
            weeks=WEEKS,
        )

    def _get_row_domain(self):
        """The rows of the forecast that a week speaks of."""
        domain = Domain("company_id", "=", self.company_id.id)
        if self.slice_type == "user":
            domain &= Domain("user_id", "=", self.user_id.id)
        layers = {"disputed": ["disputed"], "overdue": ["overdue"], "unmatched": ["unmatched"]}
        domain &= Domain("layer", "in", layers.get(self.kind, ["open", "overdue"]))
        if self.kind == "week":
            end = self.week_start + timedelta(days=6)
            domain &= Domain("low_date", "<=", end) & (
                Domain("high_date", ">=", self.week_start) | Domain("high_date", "=", False)
            )
        elif self.kind == "later":
            week_start = self.as_of_date - timedelta(days=self.as_of_date.weekday())
            domain &= Domain("high_date", ">=", week_start + timedelta(weeks=WEEKS)) | Domain(
                "high_date", "=", False
            )
        elif self.kind == "unpredictable":
            domain &= Domain("high_date", "=", False)
        return domain
