from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from ..models.crm_revenue_forecast_week.band import get_quantile
from .common import ForecastCommon

HALF = "2024-01-11"


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00:00")
class TestForecastWeeks(ForecastCommon):
    """The cash of weeks; 2024-04-10 is a Wednesday."""

    def test_weeks(self):
        """Paid 10 or 20 days late: half in one week, half in another, the odd cent in one."""
        self._settled(100.0, 10, due=HALF)
        self._settled(100.0, 20, due=HALF)
        self._invoice(100.01, date="2024-03-20", invoice_date_due="2024-04-15")
        self._forecast()
        weeks = {week.week: week for week in self._get_weeks(is_current=True)}
        self.assertEqual(
            {number: week.expected for number, week in weeks.items() if week.expected},
            {3: 50.01, 4: 50.0},
        )
        self.assertEqual(
            {number: week.by_due for number, week in weeks.items() if week.by_due}, {2: 100.01}
        )
        self.assertEqual(weeks[3].week_start, self._date("2024-04-22"))
        # If payers are independent: 100.01 ^ 2 x 1/2 x 1/2; 50 + 1.28 times the root of it is 114,
        # and no more can come than is owed.
        self.assertAlmostEqual(weeks[3].variance, 100.01**2 / 4, 4)
        self.assertEqual(weeks[3].low, 0.0)
        self.assertEqual(weeks[3].high, 100.01)
        self.assertReconciled()

    def test_what_is_in_no_week(self):
        self._settled(100.0, 10, due=HALF)
        self._invoice(10.0, date="2024-01-01", invoice_date_due="2024-03-01")  # 40 days late
        self._invoice(20.0, date="2024-04-01", invoice_date_due="2024-12-01")  # in 34 weeks
        disputed = self._invoice(40.0, date="2024-01-01", invoice_date_due="2024-03-01")
        disputed.action_toggle_block_payment()
        self._invoice(5.0, move_type="out_refund", date="2024-04-01")
        self._forecast()
        weeks = self._get_weeks(is_current=True)
        expected = {week.kind: week.expected for week in weeks if week.expected}
        self.assertEqual(expected["disputed"], 40.0)
        self.assertEqual(expected["unmatched"], -5.0)
        # Of what is 40 days late nobody knows; of the other it is known for 0.5 of 1.2349.
        self.assertAlmostEqual(expected["later"], 8.10, 2)
        self.assertAlmostEqual(expected["unpredictable"], 21.90, 2)
        by_due = {week.kind: week.by_due for week in weeks if week.by_due}
        self.assertEqual(
            by_due, {"overdue": 10.0, "later": 20.0, "disputed": 40.0, "unmatched": -5.0}
        )
        self.assertReconciled()

    def test_replay(self):
        """What was expected on past Mondays, and what came, without what was known later."""
        for number in range(1, 9):
            self._settled(100.0, 7, due=f"2024-01-{3 * number:02}")
        late = self._invoice(300.0, date="2024-02-01", invoice_date_due="2024-03-01")
        self._flush()
        self._forecast()
        state = self.company._get_forecast_states(is_made=True)
        weeks = self.env["crm.revenue.forecast.week"]
        monday = self._date("2024-02-26")
        weeks._keep_monday(state, monday)
        self._flush()
        before = self._get_weeks(as_of_date=monday).read(["week", "expected", "by_due", "low"])
        self.assertEqual(sum(row["expected"] for row in before), 300.0)
        self._pay(late, date="2024-03-08")
        self._flush()
        weeks._keep_monday(state, monday)
        for monday_after in ("2024-03-04", "2024-03-11", "2024-03-25"):
            weeks._keep_monday(state, self._date(monday_after))
        self._flush()
        after = self._get_weeks(as_of_date=monday)
        for row in before:
            row.pop("id")
        self.assertEqual(
            [{**row, "id": None} for row in after.read(["week", "expected", "by_due", "low"])],
            [{**row, "id": None} for row in before],
        )
        collected = {week.week: week.collected for week in after if week.collected}
        self.assertEqual(collected, {2: 300.0})
        [second] = after.filtered(lambda week: week.week == 2)
        self.assertEqual((second.settled_count, second.hit_count), (1, 1))
        [record] = self.env["crm.revenue.forecast.accuracy"].search(
            [("company_id", "=", self.company.id), ("week", "=", 0), ("slice_type", "=", "company")]
        )
        self.assertEqual(record.monday_count, 1)
        self.assertEqual(record.independent_count, 4)

    def test_due_dates_where_they_are_better(self):
        """Eight Mondays on which everything came when it was due, whatever was expected."""
        weeks = self.env["crm.revenue.forecast.week"].sudo()
        monday = self._date("2024-01-01")
        values = {
            "company_id": self.company.id,
            "slice_type": "company",
            "kind": "week",
            "is_current": False,
        }
        for number in range(8):
            start = monday + timedelta(weeks=number)
            weeks.create(
                {
                    **values,
                    "as_of_date": start,
                    "week": 1,
                    "week_start": start,
                    "expected": 50.0,
                    "by_due": 100.0,
                    "collected": 100.0 + number,
                }
            )
        self._flush()
        self.assertFalse(weeks._get_weeks_by_due(self.company, self._date("2024-02-19")))
        self.assertEqual(weeks._get_weeks_by_due(self.company, self._date("2024-04-10")), [1])
        self._invoice(70.0, date="2024-03-20", invoice_date_due="2024-04-12")
        self._forecast()
        [week] = self._get_weeks(is_current=True, week=1)
        self.assertTrue(week.is_by_due)
        self.assertEqual((week.forecast, week.expected), (70.0, 0.0))
        # Of eight ratios from 1.00 to 1.07 the first; the last would be more than is owed.
        self.assertEqual((week.low, week.high), (70.0, 70.0))
        [record] = self.env["crm.revenue.forecast.accuracy"].search(
            [("company_id", "=", self.company.id), ("week", "=", 1)]
        )
        self.assertEqual((record.monday_count, record.independent_count), (8, 8))
        self.assertLess(record.skill, 0)

    def test_mondays(self):
        self._forecast()
        state = self.company._get_forecast_states(is_made=True)
        state.replayed_to = False
        mondays = state._get_mondays()
        self.assertEqual(len(mondays), 27)
        self.assertEqual(mondays[-1], self._date("2024-04-08"))
        state.replayed_to = self._date("2024-03-25")
        self.assertEqual(state._get_mondays(), [self._date("2024-04-01"), self._date("2024-04-08")])
        state.replayed_to = self._date("2024-04-08")
        self.assertFalse(state._get_mondays())

    def test_quantiles(self):
        self.assertEqual(get_quantile([3.0, 1.0, 2.0], 0.5), 2.0)
        self.assertEqual(get_quantile([1.0, 2.0, 3.0], 0.1), 1.0)
        self.assertEqual(get_quantile([float(n) for n in range(1, 10)], 0.1), 1.0)
        self.assertEqual(get_quantile([float(n) for n in range(1, 20)], 0.1), 2.0)
        self.assertEqual(get_quantile([float(n) for n in range(1, 15)], 0.9), 13.5)

    def test_scheduled_actions(self):
        self._settled(100.0, 7, due="2024-02-01")
        self._invoice(300.0, date="2024-02-01", invoice_date_due="2024-03-01")
        self._forecast()
        with self.enter_registry_test_mode():
            self.env.ref("crm_revenue_forecast.ir_cron_refresh").method_direct_trigger()
            self.env.ref("crm_revenue_forecast.ir_cron_replay").method_direct_trigger()
        self.assertEqual(
            self.company._get_forecast_states(is_made=True).replayed_to, self._date("2024-04-08")
        )
        self.assertEqual(len(set(self._get_weeks(is_current=False).mapped("as_of_date"))), 27)

    def test_mondays_wait_for_an_earlier_one(self):
        """Somebody else computes the company for a moment: no Monday is left out for that."""
        self._settled(100.0, 7, due="2024-02-01")
        self._forecast()
        state = self.company._get_forecast_states(is_made=True)
        [first, *__] = state._get_mondays()
        tried = []

        def lock(states):
            tried.extend(states.filtered(lambda one: one == state))
            return states.browse() if states == state and len(tried) == 2 else states

        with (
            self.enter_registry_test_mode(),
            patch.object(self.env.registry["crm.revenue.forecast.state"], "_lock", lock),
        ):
            self.env.ref("crm_revenue_forecast.ir_cron_replay").method_direct_trigger()
        self.assertEqual(state.replayed_to, first)
        self.assertEqual(len(tried), 2)
        with self.enter_registry_test_mode():
            self.env.ref("crm_revenue_forecast.ir_cron_replay").method_direct_trigger()
        self.assertEqual(state.replayed_to, self._date("2024-04-08"))
        self.assertEqual(len(set(self._get_weeks(is_current=False).mapped("as_of_date"))), 27)
