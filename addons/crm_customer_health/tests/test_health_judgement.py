from datetime import timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import SQL

from .common import HealthCommon

MEASURES = ("payment_score", "exposure_measure", "trend_measure", "health_score")
STATUSES = ("unknown", "at_risk", "watch", "healthy")
TODAY = "2024-06-20"

#: Amount, days from the due date to today, and how late it was paid, or None.
INSTALMENTS = st.lists(
    st.tuples(
        st.integers(100, 5000), st.integers(-60, 200), st.one_of(st.none(), st.integers(-25, 90))
    ),
    min_size=1,
    max_size=4,
)
AMOUNTS = st.integers(50, 6000)
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    # Time is frozen: shrinking, which is limited by time, would never end.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00")
class TestHealthJudgement(HealthCommon):
    """What a payment may do to a score, whatever the customer's history: properties of books that
    are made by chance, and the cases in which an older formula was wrong.
    """

    def setUp(self):
        super().setUp()
        self.customer = self.partner

    def _book(self, instalments):
        """Invoices and their payments; those that nobody has paid, the oldest due first."""
        today = self._date(TODAY)
        unpaid = self.env["account.move"]
        for amount, age, late in instalments:
            due = today - timedelta(days=age)
            is_paid = late is not None and due + timedelta(days=late) <= today
            if is_paid:
                self._settled(float(amount), late, due=due, partner_id=self.customer.id)
            else:
                unpaid |= self._invoice(
                    float(amount),
                    date=due - timedelta(days=30),
                    invoice_date_due=due,
                    partner_id=self.customer.id,
                )
        return unpaid.sorted(lambda invoice: (invoice.invoice_date_due, invoice.id))

    def _judge(self):
        self._flush()
        row = self.env["crm.customer.health"]._get_figures(self.company, self.customer)[
            self.company.id, self.customer.id
        ]
        return {name: row[name] for name in (*MEASURES, "health_status")}

    def _receive(self, amount, days_ago=0):
        """Money that nobody matches."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": float(amount),
                "date": self._date(TODAY) - timedelta(days=days_ago),
                "journal_id": self.bank.id,
            }
        )
        payment.action_post()
        return payment.move_id

    def _is_overdue(self, invoice):
        return invoice.invoice_date_due < self._date(TODAY)

    def assertNotWorse(self, after, before):
        for name in MEASURES:
            if before[name] is not None:
                self.assertGreaterEqual(
                    round(after[name], 2) + 0.011, round(before[name], 2), (name, before, after)
                )
        self.assertGreaterEqual(
            STATUSES.index(after["health_status"]), STATUSES.index(before["health_status"])
        )

    def _with_books(self, instalments, check):
        """Each example on books of its own."""
        with self.env.cr.savepoint() as savepoint:
            self.customer = self._create_customer("Properties")
            check(self._book(instalments))
            savepoint.rollback()
        self.env.invalidate_all()

    @EXAMPLES
    @given(INSTALMENTS, AMOUNTS)
    def test_money_for_what_is_overdue_lowers_nothing(self, instalments, amount):
        def check(unpaid):
            overdue = unpaid.filtered(self._is_overdue)
            if overdue:
                before = self._judge()
                self._pay(overdue[-1], min(amount, overdue[-1].amount_residual), date=TODAY)
                self.assertNotWorse(self._judge(), before)

        self._with_books(instalments, check)

    @EXAMPLES
    @given(INSTALMENTS, AMOUNTS)
    def test_money_for_what_is_not_due_keeps_the_score_at_80(self, instalments, amount):
        def check(unpaid):
            early = unpaid - unpaid.filtered(self._is_overdue)
            if early:
                before = self._judge()["payment_score"]
                self._pay(early[0], min(amount, early[0].amount_residual), date=TODAY)
                least = 80 if before is None else min(before, 80)
                self.assertGreaterEqual(self._judge()["payment_score"], least)

        self._with_books(instalments, check)

    def test_an_overdue_part_falls_with_its_age(self):
        curve = self.env["crm.customer.health"]._get_curve_sql(SQL("day"))
        points = [
            point
            for (point,) in self.env.execute_query(
                SQL("SELECT %s FROM generate_series(1, 180) day ORDER BY day", curve)
            )
        ]
        self.assertEqual(points, sorted(points, reverse=True))
        self.assertEqual(len(set(points)), 180)

    @EXAMPLES
    @given(INSTALMENTS, AMOUNTS)
    def test_a_new_invoice_changes_neither_score_nor_exposure(self, instalments, amount):
        def check(_unpaid):
            before = self._judge()
            self._invoice(
                float(amount),
                date=TODAY,
                invoice_date_due="2024-07-20",
                partner_id=self.customer.id,
            )
            after = self._judge()
            for name in ("payment_score", "exposure_measure", "trend_measure"):
                self.assertEqual(after[name], before[name], name)

        self._with_books(instalments, check)

    @EXAMPLES
    @given(INSTALMENTS, AMOUNTS, AMOUNTS, st.integers(0, 40))
    def test_matching_what_is_in_the_house_changes_no_score(
        self, instalments, first, second, days_ago
    ):
        def check(unpaid):
            money = self._receive(first, days_ago) | self._receive(second)
            before = self._judge()
            for payment in money:
                for invoice in unpaid.filtered(self._is_overdue):
                    if not payment.line_ids.filtered("amount_residual"):
                        break
                    if invoice.amount_residual:
                        self._settle(invoice, payment)
            after = self._judge()
            for name in MEASURES:
                self.assertEqual(after[name], before[name], (name, before, after))
            self.assertEqual(after["health_status"], before["health_status"])

        self._with_books(instalments, check)

    def test_38_credit_notes_only_reduce_the_amount(self):
        """No settlement comes of a credit note that nobody matched."""
        self._invoice(1000.0, date="2024-03-01", invoice_date_due="2024-03-31")
        self._create_deal_invoice([(400.0, None)], move_type="out_refund", date="2024-06-01")
        self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_61_90=1000.0,
            unapplied_credit_amount=400.0,
            net_overdue_amount=600.0,
            payment_score=33.0,
            scored_count=1,
        )

    def test_evidence_counts_instalments(self):
        """Paid in three parts and still open in part, it is one instalment."""
        invoice = self._invoice(1000.0, date="2024-03-01", invoice_date_due="2024-03-31")
        for day in ("2024-03-10", "2024-04-10", "2024-05-10"):
            self._pay(invoice, 200.0, date=day)
        self._settled(100.0, 0, due="2024-05-01")
        row = self.assertRow(
            open_amount=400.0, overdue_amount=400.0, overdue_61_90=400.0, payment_count=4
        )
        self.assertEqual(row.scored_count, 2)

    def test_tried_and_wrong_before(self):
        """Half of what is open is overdue, and the other half is paid: 0 came of 50."""
        self._invoice(500.0, date="2024-04-01", invoice_date_due="2024-06-10")
        early = self._invoice(500.0, date="2024-06-01", invoice_date_due="2024-07-01")
        self._settled(500.0, 0, due="2024-05-01")
        self.assertEqual(self._judge()["exposure_measure"], 50)
        self._pay(early, date=TODAY)
        self.assertAlmostEqual(float(self._judge()["exposure_measure"]), 66.67)
        self._invoice(9500.0, date=TODAY, invoice_date_due="2024-07-20")
        self.assertAlmostEqual(float(self._judge()["exposure_measure"]), 66.67)

    def test_every_measure_has_its_reason(self):
        """No two sentences of a diagnosis contradict each other, whatever the books."""
        self._invoice(500.0, date="2024-04-01", invoice_date_due="2024-06-10")
        self._receive(500.0)
        self._refresh()
        row = self._get_rows()[self.partner]
        self.assertEqual((row.net_overdue_amount, row.needs_action), (0.0, False))
        reasons = row.health_reasons
        self.assertIn("is overdue, the oldest", reasons)
        self.assertIn("was received or credited, but is not matched yet", reasons)
