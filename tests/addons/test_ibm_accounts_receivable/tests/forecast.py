import logging
from datetime import date, timedelta

from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from .data_set import read_rows

_logger = logging.getLogger(__name__)

FIRST_MONDAY, LAST_MONDAY = date(2013, 1, 7), date(2013, 10, 28)
#: Bars of weeks 1 to 4, in percent.
BARS = {1: 18.0, 2: 19.0, 3: 20.0, 4: 25.0}


class Forecast:
    """What was foretold from what was known on each day, and what came."""

    def test_forecast(self):
        self._flush()
        self._check_invoices()
        self._check_mondays()
        self._check_july()

    def _check_invoices(self):
        """What was said of each invoice on the day of its issue, against the day it was paid."""
        settled = {row.number: (row.issued, row.due, row.settled) for row in read_rows()}
        names = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, name FROM account_move WHERE company_id = %s",
                    self.company.id,
                )
            )
        )
        expectation = self.env["crm.payment.expectation"]
        misses, within, losses = [], 0, []
        days = {issued for issued, *__ in settled.values() if issued >= date(2013, 7, 1)}
        for day in sorted(days):
            # Known is what was before the day, and the invoice itself.
            before = Scope(self.company, as_of=day - timedelta(days=1))
            known = expectation._get_relations(before)
            learned = self.env.execute_query(
                SQL(
                    "%s SELECT company_id, partner_id, is_disputed, days, paid, later"
                    " FROM expect_day",
                    expectation._get_with_sql(
                        {
                            name: known[name]
                            for name in ("expect_basis", "expect_item", "expect_day")
                        }
                    ),
                )
            )
            on_the_day = expectation._get_relations(Scope(self.company, as_of=day))
            on_the_day["expect_day"] = SQL(
                "SELECT * FROM (VALUES %s) day"
                " (company_id, partner_id, is_disputed, days, paid, later)",
                SQL(", ").join(
                    SQL("(%s, %s, %s, %s, %s::float8, %s::float8)", *row) for row in learned
                ),
            )
            for row in self.env.execute_query_dict(
                SQL("%s SELECT * FROM expect_result", expectation._get_with_sql(on_the_day))
            ):
                issued, due, paid = settled[names[row["root_move_id"]]]
                if issued != day:
                    continue
                late = (paid - due).days
                points = [(row[f"{name}_date"] - due).days for name in ("low", "likely", "high")]
                misses.append(abs(late - points[1]))
                within += misses[-1] <= 7
                losses += [
                    max(share * (late - point), (share - 1) * (late - point))
                    for share, point in zip((0.1, 0.5, 0.9), points, strict=True)
                ]
        _logger.info(
            "Invoices: off by %.2f days, within 7 days %.1f %%, pinball loss %.2f",
            sum(misses) / len(misses),
            100 * within / len(misses),
            sum(losses) / len(losses),
        )
        # Of 536, two were paid on the day of their issue.
        self.assertEqual(len(misses), 534)
        self.assertLessEqual(sum(misses) / len(misses), 6.1)
        self.assertGreaterEqual(100 * within / len(misses), 68)
        self.assertLessEqual(sum(losses) / len(losses), 2.2)

    def _check_mondays(self):
        """43 Mondays; bands are made of those before, from the middle of 2012 on."""
        self._forecast()
        state = self.company._get_forecast_states(is_made=True)
        weeks = self.env["crm.revenue.forecast.week"]
        monday = date(2012, 7, 2)
        while monday <= LAST_MONDAY + timedelta(weeks=5):
            weeks._keep_monday(state, monday)
            monday += timedelta(weeks=1)
        rows = self._get_weeks(is_current=False, kind="week").filtered(
            lambda row: FIRST_MONDAY <= row.as_of_date <= LAST_MONDAY and row.week <= 4
        )
        self.assertEqual(len(rows), 43 * 4)
        collected = sum(rows.mapped("collected"))
        mondays = rows.grouped("as_of_date").values()
        error = 100 * sum(
            abs(sum(some.mapped("expected")) - sum(some.mapped("collected"))) for some in mondays
        )
        _logger.info("Four weeks: off by %.2f %%", error / collected)
        self.assertLessEqual(error / collected, 4.0)
        by_due = 100 * sum(
            abs(sum(some.mapped("by_due")) - sum(some.mapped("collected"))) for some in mondays
        )
        self.assertAlmostEqual(by_due / collected, 7.8, 1)
        inside = 0
        for number, some in rows.grouped("week").items():
            error = 100 * sum(abs(row.expected - row.collected) for row in some)
            hits = len(some.filtered(lambda row: row.low <= row.collected <= row.high))
            _logger.info(
                "Week %s: off by %.1f %%, %.1f %% within the band",
                number,
                error / sum(some.mapped("collected")),
                100 * hits / len(some),
            )
            self.assertLessEqual(error / sum(some.mapped("collected")), BARS[number], number)
            inside += hits
        self.assertGreaterEqual(100 * inside / len(rows), 75)
        self.assertLessEqual(100 * inside / len(rows), 85)

    def _check_july(self):
        """As of 2013-06-30, the week and the month after it."""
        rows = self._get_weeks(as_of_date=date(2013, 7, 1), kind="week").sorted("week")
        first = rows[0]
        _logger.info(
            "July: %s",
            [(row.week, row.expected, row.collected, row.by_due) for row in rows[:5]],
        )
        self.assertAlmostEqual(first.collected, 1382.71, 2)
        self.assertLess(abs(first.expected - first.collected), abs(first.by_due - first.collected))
