from datetime import timedelta

from odoo import api, fields
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from .cash import WEEKS

#: Days by which the expected day of an instalment may miss it and hit.
HIT_DAYS = 7
#: After so many weeks it is asked which instalments were hit.
HIT_WEEKS = 4


class Proof:
    """What came of what was expected on past Mondays."""

    __slots__ = ()

    @api.model
    def _write_collected(self, company, since, until):
        """What was collected in the weeks up to ``until`` of what was open on each of the Mondays
        from ``since`` on. What customers are paid back is taken off.
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH cash AS MATERIALIZED (
                    SELECT partner.user_id, date_trunc('week', cash.paid_on)::date AS week_start,
                           cash.invoiced_on, SUM(cash.amount) AS amount
                      FROM (%(cash)s) cash
                      JOIN res_partner partner ON partner.id = cash.partner_id
                     GROUP BY 1, 2, 3
                )
                UPDATE crm_revenue_forecast_week week
                   SET collected = COALESCE((
                       SELECT SUM(cash.amount)
                         FROM cash
                        WHERE cash.week_start = week.week_start
                          AND cash.invoiced_on < week.as_of_date
                          AND (week.slice_type = 'company'
                               OR cash.user_id IS NOT DISTINCT FROM week.user_id)), 0)
                 WHERE week.company_id = %(company)s AND NOT week.is_current AND week.kind = 'week'
                   AND week.as_of_date >= %(since)s AND week.week_start + 7 <= %(until)s
                """,
                cash=self.env["crm.customer.health"]._get_cash_sql(
                    company, None, since - timedelta(days=1), until - timedelta(days=1)
                ),
                company=company.id,
                since=since,
                until=until,
            )
        )
        self.invalidate_model()

    @api.model
    def _write_hits(self, company, monday):
        """Which instalments that were open on a Monday and were settled in the weeks after it had
        been expected within seven days of that.
        """
        expectation = self.env["crm.payment.expectation"]
        expectation._flush_sources()
        scope = Scope(company, as_of=monday - timedelta(days=1))
        with_sql = expectation._prepare_relations(expectation._get_relations(scope), scope)
        until = monday + timedelta(weeks=HIT_WEEKS)
        settlements = self.env["account.receivable.settlement"]
        self.env.cr.execute(
            SQL(
                """
                WITH hit AS (
                    %(with)s
                    SELECT partner.user_id, (settled.date - %(monday)s::date) / 7 + 1 AS week,
                           COUNT(*) AS settled_count,
                           COUNT(*) FILTER (
                               WHERE ABS(settled.date - result.likely_date) <= %(days)s)
                               AS hit_count
                      FROM expect_result result
                      JOIN (
                        SELECT line_id, MAX(settlement_date) AS date
                          FROM (%(settlements)s) settlement
                         WHERE settled_as IN ('payment', 'discount') AND amount > 0
                           AND NOT is_mirror AND parent_state = 'posted'
                         GROUP BY line_id
                           ) settled ON settled.line_id = result.root_line_id
                      JOIN account_move_line line ON line.id = result.root_line_id
                      JOIN res_partner partner ON partner.id = result.partner_id
                     WHERE NOT result.is_disputed AND line.amount_residual = 0
                       AND settled.date >= %(monday)s AND settled.date < %(until)s
                     GROUP BY 1, 2
                )
                UPDATE crm_revenue_forecast_week week
                   SET settled_count = found.settled_count, hit_count = found.hit_count
                  FROM (
                    SELECT week.id, COALESCE(SUM(hit.settled_count), 0) AS settled_count,
                           COALESCE(SUM(hit.hit_count), 0) AS hit_count
                      FROM crm_revenue_forecast_week week
                      LEFT JOIN hit
                        ON hit.week = week.week
                       AND (week.slice_type = 'company'
                            OR hit.user_id IS NOT DISTINCT FROM week.user_id)
                     WHERE week.company_id = %(company)s AND NOT week.is_current
                       AND week.as_of_date = %(monday)s AND week.week <= %(weeks)s
                       AND week.kind = 'week'
                     GROUP BY week.id
                       ) found
                 WHERE found.id = week.id
                """,
                **{"with": with_sql},
                monday=monday,
                until=until,
                days=HIT_DAYS,
                weeks=HIT_WEEKS,
                company=company.id,
                settlements=settlements._get_settlement_sql(
                    settlements._get_window_scope(monday, until)
                ),
            )
        )
        self.invalidate_model()

    @api.model
    def _cron_replay(self):
        """Forecast Mondays from what was known then: those before the addon was installed, and
        each new one; a Monday of a company at a time, committed. It may be killed and run twice.
        """
        states = self.env["crm.revenue.forecast.state"].sudo()._get_states()
        todo = [(state, monday) for state in states for monday in state._get_mondays()]
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(todo))
        busy = states.browse()
        for state, monday in todo:
            # Mondays are kept in their order: later ones wait for an earlier one.
            if state not in busy and state._lock():
                self._keep_monday(state, monday)
            else:
                busy |= state
            if not commit_progress(1):
                break
        if busy:
            self.env.ref("crm_revenue_forecast.ir_cron_replay")._trigger(
                fields.Datetime.now() + timedelta(minutes=1)
            )

    @api.model
    def _keep_monday(self, state, monday):
        """Keep what is to be expected on a Monday, and what came of the Mondays before it."""
        company = state.company_id
        # What came of them says how wide this Monday's bands are.
        self._write_collected(company, monday - timedelta(weeks=WEEKS), monday)
        self._replay(company, monday)
        self._write_hits(company, monday - timedelta(weeks=HIT_WEEKS))
        state.replayed_to = monday
        state._announce_forecast()
