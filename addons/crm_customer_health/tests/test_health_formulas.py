from datetime import timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.tests import tagged

from ..plain_health import SEGMENT_BY_CELL, curve
from .common import HealthCommon

#: Days beyond terms and the payment score of an only settlement, with its risk.
CURVE_NUMBERS = (
    (-40, 100.0, "low"),
    (-30, 100.0, "low"),
    (-25, 95.0, "low"),
    (-20, 90.0, "low"),
    (-10, 85.0, "low"),
    (-1, 80.5, "low"),
    (0, 80.0, "low"),
    (1, 79.3333, "medium"),
    (5, 76.6667, "medium"),
    (10, 73.3333, "medium"),
    (15, 70.0, "medium"),
    (22, 60.0, "medium"),
    (26, 55.0, "medium"),
    (30, 50.0, "medium"),
    (31, 49.6667, "high"),
    (45, 45.0, "high"),
    (60, 40.0, "high"),
    (75, 35.0, "high"),
    (90, 30.0, "high"),
    (105, 25.0, "high"),
    (120, 20.0, "high"),
    (150, 10.5, "high"),
    (180, 1.0, "high"),
    (200, 1.0, "high"),
)


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthFormulas(HealthCommon):
    """The numbers of the formulas, made of real invoices and payments."""

    def _only(self, *measures, **weights):
        """Count these measures only, and no history as thin."""
        self._get_policy().write(
            {
                "minimum_items": 0,
                **{
                    f"{name}_weight": float(name in measures)
                    for name in ("payment", "exposure", "trend", "purchase")
                },
                **{f"{name}_weight": weight for name, weight in weights.items()},
            }
        )

    # Payment score ---------------------------------------------------------------------------

    def test_curve(self):
        customers = {}
        for days, points, risk in CURVE_NUMBERS:
            self.assertAlmostEqual(float(curve(days)), points, 4, "the plain recomputation")
            customers[days] = self._create_customer(f"{days} days")
            self._settled(100.0, days, due="2023-08-01", partner_id=customers[days].id)
            customers[days].comment = risk
        self._refresh()
        self.assertAllRows()
        rows = self._get_rows()
        for days, points, risk in CURVE_NUMBERS:
            with self.subTest(days=days):
                row = rows[customers[days]]
                self.assertAlmostEqual(row.days_beyond_terms, days, 2)
                self.assertAlmostEqual(row.days_beyond_terms_late, max(days, 0), 2)
                self.assertEqual(row.on_time_rate, float(days <= 0))
                self.assertAlmostEqual(row.payment_score, round(points, 2), 2)
                self.assertEqual(row.payment_risk, risk)

    def test_curve_of_overdue_instalments(self):
        """What is overdue counts at today's age."""
        customers = {}
        for days, _points, _risk in CURVE_NUMBERS:
            if days > 0:
                customers[days] = self._create_customer(f"{days} days")
                due = self._date("2024-03-15") - timedelta(days=days)
                self._invoice(100.0, date=due, invoice_date_due=due, partner_id=customers[days].id)
        self._refresh()
        self.assertAllRows()
        rows = self._get_rows()
        for days, points, risk in CURVE_NUMBERS:
            if days > 0:
                with self.subTest(days=days):
                    self.assertAlmostEqual(rows[customers[days]].payment_score, round(points, 2), 2)
                    self.assertEqual(rows[customers[days]].payment_risk, risk)

    def test_curve_between_whole_days(self):
        """The mean of 18 and 19 days, on a straight line, is p(18.5)."""
        self._settled(100.0, 18)
        self._settled(100.0, 19)
        self.assertRow(payment_score=65.0, days_beyond_terms=18.5, median_days_beyond_terms=18.5)

    def test_payment_score(self):
        """10,000 prompt, 5,000 at +15, 1,000 at +30."""
        self._settled(10000.0, 0)
        self._settled(5000.0, 15)
        self._settled(1000.0, 30)
        self.assertRow(
            payment_score=75.0,
            payment_risk="medium",
            # (5000 * 15 + 1000 * 30) / 16000
            days_beyond_terms=6.5625,
            median_days_beyond_terms=15.0,
            on_time_rate=0.625,
        )

    def test_payment_score_of_settled_overdue_and_lost(self):
        """1,000 in time, 1,000 overdue for 45 days, 500 lost."""
        self._settled(1000.0, 0)
        self._invoice(date="2024-01-01", invoice_date_due="2024-01-30")
        lost = self._invoice(500.0)
        entry = self._create_entry(
            (self.expense, None, 500.0), (self.receivable, self.partner, -500.0)
        )
        self._settle(lost, entry)
        self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_31_60=1000.0,
            # (1000 * 80 + 1000 * 45 + 500 * 1) / 2500
            payment_score=50.2,
            payment_risk="medium",
            written_off_amount=500.0,
        )

    def test_median_is_not_weighted(self):
        """Three settlements, of which the largest is the latest."""
        for amount, days in ((10.0, -4), (10.0, 2), (1000.0, 30)):
            self._settled(amount, days)
        self.assertRow(median_days_beyond_terms=2.0, median_days_to_pay=12.0, payment_count=3)

    # Ageing ----------------------------------------------------------------------------------

    def test_ageing_estimate(self):
        """2,000/1,000/600/400 of 10,000 are about 16.2 days beyond terms."""
        for amount, days in ((2000.0, 15), (1000.0, 45), (600.0, 75), (400.0, 105), (6000.0, -5)):
            due = self._date("2024-03-15") - timedelta(days=days)
            self._invoice(amount, date="2023-11-01", invoice_date_due=due)
        row = self.assertRow(
            open_amount=10000.0,
            not_due_amount=6000.0,
            overdue_amount=4000.0,
            overdue_1_30=2000.0,
            overdue_31_60=1000.0,
            overdue_61_90=600.0,
            overdue_over_90=400.0,
        )
        estimate = (
            15 * row.overdue_1_30
            + 45 * row.overdue_31_60
            + 75 * row.overdue_61_90
            + 105 * row.overdue_over_90
        ) / row.open_amount
        self.assertAlmostEqual(estimate, 16.2)

    # Count-back days sales outstanding -------------------------------------------------------

    def _sell(self, *months):
        """Invoices ``(day, amount)``, not due yet; negative amounts are credit notes."""
        for day, amount in months:
            self._invoice(
                abs(amount),
                date=day,
                invoice_date_due="2024-12-31",
                move_type="out_invoice" if amount > 0 else "out_refund",
            )

    def test_count_back(self):
        """Sales of 70, 80 and 100 thousand; of all of it 212 thousand are open.

        29 days of June so far, May's 31, and 32 / 70 of April's 30: 29 + 31 + 13.714.
        """
        with freeze_time("2024-06-29 12:00:00"):
            self._sell(("2024-04-10", 70000.0), ("2024-05-10", 80000.0), ("2024-06-10", 100000.0))
            self._pay(self.env["account.move"].search([("amount_total", "=", 70000.0)]), 38000.0)
            self.assertRow(open_amount=212000.0, not_due_amount=212000.0, dso_countback=73.714)

    def test_count_back_within_the_newest_month(self):
        """10 of 40 sold in 15 days of March."""
        self._sell(("2024-02-10", 80.0), ("2024-03-10", 40.0))
        self._pay(self.env["account.move"].search([("amount_total", "=", 80.0)]))
        self._pay(self.env["account.move"].search([("amount_total", "=", 40.0)]), 30.0)
        self.assertRow(open_amount=10.0, not_due_amount=10.0, dso_countback=3.75)

    def test_count_back_whole_months(self):
        """Months without sales, and one with more credited than sold, count whole.

        March 15, February 29 without, January 31 below zero, December 31 * 50 / 100.
        """
        self._sell(("2023-12-10", 100.0), ("2024-01-10", 20.0), ("2024-01-11", -30.0))
        invoice = self.env["account.move"].search([("amount_total", "=", 100.0)])
        self._pay(invoice, 70.0)
        self.assertRow(
            open_amount=50.0,
            not_due_amount=50.0,
            unapplied_credit_amount=30.0,
            dso_countback=15 + 29 + 31 + 15.5,
        )

    def test_count_back_ends_with_the_first_invoice(self):
        """An opening balance is older than all sales: 15 + 29 + 31 days, not more."""
        self._sell(("2024-01-10", 100.0))
        self._opening(900.0, "2024-03-15", due="2024-12-31")
        self.assertRow(open_amount=1000.0, not_due_amount=1000.0, dso_countback=75.0)

    def test_count_back_ends_with_the_first_invoice_not_a_credit_note(self):
        self._sell(("2023-11-10", -5.0), ("2024-01-10", 100.0))
        self._opening(900.0, "2024-03-15", due="2024-12-31")
        self.assertRow(
            open_amount=1000.0,
            not_due_amount=1000.0,
            unapplied_credit_amount=5.0,
            dso_countback=75.0,
        )

    def test_count_back_of_nothing_open(self):
        self._settled(100.0, 0)
        self.assertRow(dso_countback=0.0)

    # Trend -----------------------------------------------------------------------------------

    def test_trend(self):
        """p(-10) = 85 of the last three months, p(10) = 73.3333 before; then 45 days overdue."""
        self._settled(100.0, 10, due="2023-10-01")
        self._settled(300.0, -10, due="2024-02-01")
        self.assertRow(payment_trend=11.67, payment_score=82.08)
        self._invoice(300.0, date="2024-01-01", invoice_date_due="2024-01-30")
        amounts = dict.fromkeys(("open_amount", "overdue_amount", "overdue_31_60"), 300.0)
        # (300 * 85 + 300 * 45) / 600 - 73.3333
        self.assertRow(payment_trend=-8.33, **amounts)

    def test_trend_borders(self):
        """Three months ago to the day is before; both ends are needed."""
        self._settled(100.0, 0, due="2023-12-16")
        self.assertRow(payment_trend=0.0)
        self.assertFalse(self._get_rows()[self.partner].trend_measure)
        self._settled(100.0, 15, due="2023-11-30")
        self.assertRow(payment_trend=10.0)
        self.assertEqual(self._get_rows()[self.partner].trend_measure, 60.0)

    def test_no_trend_in_a_short_window(self):
        self._get_policy().window_months = 3
        self._settled(100.0, 0, due="2023-12-16")
        self._settled(100.0, 15, due="2023-11-30")
        self.assertRow(payment_trend=0.0, paid_amount=100.0)
        self._get_policy().window_months = 4
        self.assertRow(payment_trend=10.0, paid_amount=200.0)

    # Health score ----------------------------------------------------------------------------

    def test_health_score(self):
        """Weights of 50/30/20 on 90/60/40 make 71.0; without the third it is 78.75."""
        self._only(payment=50, exposure=30, trend=20)
        self._settled(300.0, -25, due="2023-10-01")  # p = 95
        self._opening(600.0, "2024-03-15", due="2024-04-15")
        self._opening(400.0, "2024-03-10")
        expected = {
            "open_amount": 1000.0,
            "not_due_amount": 600.0,
            "overdue_amount": 400.0,
            "overdue_1_30": 400.0,
        }
        # 400 overdue against 600 paid make an exposure of 60.
        recent = self._settled(300.0, -10, due="2024-02-01")  # p = 85
        row = self.assertRow(
            **expected,
            payment_score=90.0,
            payment_trend=-10.0,
            health_score=71.0,
            health_status="watch",
        )
        self.assertEqual(
            (row.payment_measure, row.exposure_measure, row.trend_measure), (90.0, 60.0, 40.0)
        )
        recent.line_ids.remove_move_reconcile()
        recent.button_draft()
        self.env["account.payment"].search([("date", "=", "2024-01-22")]).action_draft()
        self._settled(150.0, -10, due="2023-10-20")
        self._settled(150.0, -10, due="2023-10-20")
        self.assertRow(
            **expected,
            payment_score=90.0,
            payment_trend=0.0,
            health_score=78.75,
            health_status="watch",
        )

    def test_default_weights(self):
        """40/20/10/20 on 80, 66.67, 50 and, for the company's only customer, 50."""
        self._get_policy().minimum_items = 1
        self._settled(100.0, 0, due="2023-10-01")
        self._settled(100.0, 0, due="2024-02-01")
        self._opening(300.0, "2024-03-15", due="2024-04-15")
        self._opening(100.0, "2024-03-10")
        self.assertRow(
            open_amount=400.0,
            not_due_amount=300.0,
            overdue_amount=100.0,
            overdue_1_30=100.0,
            payment_score=80.0,
            # Exposure: 100 overdue against 200 paid. (3200 + 1333.33 + 500 + 1000) / 90
            health_score=67.04,
        )

    def test_thin_history(self):
        """With one or four settlements of five the rest is the company's mean."""
        self._only("payment")
        self._get_policy().minimum_items = 5
        known, new, fourth, unknown = (self._create_customer(name) for name in "ABCD")
        for _number in range(5):
            self._settled(100.0, 0, partner_id=known.id)
        self._settled(100.0, 30, partner_id=new.id)
        for _number in range(4):
            self._settled(100.0, 30, partner_id=fourth.id)
        self._invoice(partner_id=unknown.id, invoice_date_due="2024-12-31")
        self.assertRow(known, payment_score=80.0, health_score=80.0, health_status="healthy")
        # The mean of 80, 50 and 50 is 60: (1 * 50 + 4 * 60) / 5 and (4 * 50 + 1 * 60) / 5
        self.assertRow(new, payment_score=50.0, health_score=58.0, health_status="watch")
        self.assertRow(fourth, payment_score=50.0, health_score=52.0)
        self.assertRow(
            unknown,
            open_amount=1000.0,
            not_due_amount=1000.0,
            health_score=0.0,
            health_status="unknown",
        )
        self.assertAlmostEqual(float(self._get_norm()["mean"]), 60.0)

    def test_thin_history_counts_items(self):
        """Settlements, write-offs and overdue instalments; not what is disputed or not due."""
        self._only("payment")
        self._get_policy().minimum_items = 5
        other = self._create_customer("Other")
        for _number in range(5):
            self._settled(100.0, 0, partner_id=other.id)
        self._settled(100.0, 30)
        self._invoice(100.0, invoice_date_due="2024-02-14")
        self._invoice(100.0, invoice_date_due="2024-12-31")
        self._invoice(100.0).action_toggle_block_payment()
        # (2 * 50 + 3 * 65) / 5
        self.assertRow(
            open_amount=300.0,
            not_due_amount=100.0,
            disputed_amount=100.0,
            overdue_amount=100.0,
            overdue_1_30=100.0,
            payment_score=50.0,
            health_score=59.0,
        )

    def test_status_bands(self):
        self._only("payment")
        customers = {}
        for days, status in ((0, "healthy"), (1, "watch"), (30, "watch"), (31, "at_risk")):
            customers[days] = self._create_customer(f"{days} days")
            self._settled(100.0, days, partner_id=customers[days].id)
            self.assertRow(customers[days], health_status=status)
        self._get_policy().write(
            {
                "healthy_score": 79.0,
                "watch_score": 49.0,
                "low_risk_score": 79.0,
                "medium_risk_score": 49.0,
            }
        )
        self.assertRow(customers[1], health_status="healthy", payment_risk="low")
        self.assertRow(customers[31], health_status="watch", payment_risk="medium")

    def test_high_payment_risk_is_never_healthy(self):
        """However good the exposure: the status is capped, the score is not."""
        self._only(payment=1, exposure=99)
        self._settled(100.0, 60, due="2024-01-02")  # p = 40
        self._opening(100.0, "2024-03-15", due="2024-04-15")
        amounts = dict.fromkeys(("open_amount", "not_due_amount"), 100.0)
        self.assertRow(**amounts, payment_risk="high", health_score=99.4, health_status="watch")
        self._settled(100.0, 0)
        self.assertRow(**amounts, payment_risk="medium", health_score=99.6, health_status="healthy")

    # Recency, frequency, monetary value ------------------------------------------------------

    def test_rfm(self):
        """A customer in each of the 25 cells of recency and frequency."""
        today = self._date("2024-03-15")
        customers = {}
        for recency in range(1, 6):
            for frequency in range(1, 6):
                customer = self._create_customer(f"{recency}{frequency}")
                customers[f"{recency}{frequency}"] = customer
                last = today - timedelta(days=10 * (6 - recency))
                for number in range(frequency):
                    self._invoice(
                        10.0 if number else 100.0 * recency - 10 * (frequency - 1),
                        date=last - timedelta(days=30 * number),
                        invoice_date_due="2024-12-31",
                        partner_id=customer.id,
                    )
        self._refresh()
        self.assertAllRows()
        rows = self._get_rows()
        self.assertEqual(set(SEGMENT_BY_CELL), set(customers))
        for cell, customer in customers.items():
            row = rows[customer]
            self.assertEqual(f"{row.rfm_recency}{row.rfm_frequency}", cell)
            self.assertEqual(row.rfm_monetary, int(cell[0]))
            self.assertEqual(row.rfm_segment, SEGMENT_BY_CELL[cell], cell)
        norm = self._get_norm()
        # Places 4.8, 9.6, 14.4 and 19.2 of 25 sorted values.
        for name, cuts in (
            ("recency", (18.0, 26.0, 34.0, 42.0)),
            ("frequency", (1.8, 2.6, 3.4, 4.2)),
            ("monetary", (180.0, 260.0, 340.0, 420.0)),
        ):
            self.assertEqual([round(float(cut), 6) for cut in norm[name]], list(cuts))

    def test_rfm_of_equals(self):
        """Who is like all others gets the best recency and the lowest of the rest."""
        for name in ("A", "B", "C"):
            self._invoice(partner_id=self._create_customer(name).id, invoice_date_due="2024-12-31")
        self._refresh()
        self.assertAllRows()
        for row in self._get_rows().values():
            self.assertEqual((row.rfm_recency, row.rfm_frequency, row.rfm_monetary), (5, 1, 1))
            self.assertEqual(row.rfm_segment, "new")

    def test_rfm_needs_an_invoice(self):
        """An old one suffices; a credit note or an opening balance does not."""
        old, credit, opening = (self._create_customer(name) for name in ("O", "C", "B"))
        self._invoice(partner_id=old.id, date="2020-01-10", invoice_date_due="2020-01-10")
        self._invoice(partner_id=credit.id, move_type="out_refund")
        self._opening(5.0, "2024-03-01", partner=opening)
        self._refresh()
        self.assertAllRows()
        rows = self._get_rows()
        self.assertEqual(rows[old].rfm_segment, "new")
        self.assertEqual(rows[old].invoice_count_12m, 0)
        for customer in (credit, opening):
            self.assertFalse(rows[customer].rfm_segment)
            self.assertFalse(rows[customer].rfm_recency)

    # Purchase rhythm -------------------------------------------------------------------------

    def _buy_on(self, *days, **values):
        for day in days:
            self._invoice(100.0, date=day, invoice_date_due="2024-12-31", **values)

    def test_rhythm(self):
        """Gaps of 10 and 20 days: 15; silent for 44 days, more than twice as long."""
        self._buy_on("2024-01-01", "2024-01-11", "2024-01-31")
        self._invoice(5.0, move_type="out_refund", date="2024-03-01")
        self.assertRow(
            open_amount=300.0,
            not_due_amount=300.0,
            unapplied_credit_amount=5.0,
            purchase_interval_days=15.0,
            expected_next_invoice_date="2024-02-15",
            is_lapsed=True,
        )

    def test_rhythm_at_the_border(self):
        """Silent for exactly twice the median is not lapsed, a day more is."""
        self._buy_on("2024-01-15", "2024-01-30", "2024-02-14")
        amounts = dict.fromkeys(("open_amount", "not_due_amount"), 300.0)
        self.assertRow(
            **amounts,
            purchase_interval_days=15.0,
            expected_next_invoice_date="2024-02-29",
            is_lapsed=False,
        )
        with freeze_time("2024-03-16 12:00:00"):
            self.assertRow(**amounts, is_lapsed=True)

    def test_rhythm_of_distinct_days(self):
        """Invoices of one day are one purchase; half a day is rounded up."""
        self._buy_on("2024-01-01", "2024-01-01", "2024-01-11", "2024-01-22")
        amounts = dict.fromkeys(("open_amount", "not_due_amount"), 400.0)
        self.assertRow(
            **amounts,
            purchase_interval_days=10.5,
            expected_next_invoice_date="2024-02-02",
        )

    def test_rhythm_is_unknown(self):
        """Of two invoices, and of three on one day."""
        other = self._create_customer("Other")
        self._buy_on("2024-01-01", "2024-01-11")
        self._buy_on("2024-01-01", "2024-01-01", "2024-01-01", partner_id=other.id)
        for customer, amount in ((self.partner, 200.0), (other, 300.0)):
            self.assertRow(
                customer,
                open_amount=amount,
                not_due_amount=amount,
                purchase_interval_days=0.0,
                expected_next_invoice_date=False,
                is_lapsed=False,
            )

    def test_windows_end_with_short_months(self):
        """Three and twelve months before the last of a month are the last of a shorter one."""
        with freeze_time("2024-05-31 12:00:00"):
            # 2024-02-29 is three months ago: before; 2023-05-31 is a year ago: over.
            self._settled(100.0, 0, due="2024-02-29")
            self._settled(100.0, 15, due="2024-02-15")  # 2024-03-01
            self._settled(100.0, 0, due="2023-05-31")
            self.assertRow(paid_amount=200.0, payment_trend=-10.0)
            self.assertEqual(
                self._date("2024-05-31") - relativedelta(months=3), self._date("2024-02-29")
            )
