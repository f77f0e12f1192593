from freezegun import freeze_time

from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealCredits(BridgeCommon):
    """Credit notes take off the deal that they credit, once, and are never payments."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal("A")
        cls.other = cls._create_deal("B")

    def _credit(self, lines, date="2024-01-25", **values):
        return self._create_deal_invoice(lines, date=date, move_type="out_refund", **values)

    def test_credited_in_full(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)])
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}], cancel=True)
        self.assertFigures(self.deal, credited_total=100.0)
        self.assertRecordValues(
            self.deal,
            [
                {
                    "billing_status": "credited",
                    "invoiced_untaxed": 0.0,
                    "paid_date": False,
                    "last_payment_date": False,
                    "next_due_date": False,
                    "first_invoice_date": self._date("2024-01-10"),
                }
            ],
        )

    def test_credited_in_part_then_paid(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)], invoice_date_due="2024-03-01")
        refund = self._credit([(30.0, self.deal)], date="2024-01-30")
        self.assertFigures(self.deal, invoiced_total=70.0, credited_total=30.0, due_total=70.0)
        self._settle(invoice, refund)
        self.assertFigures(self.deal, invoiced_total=70.0, credited_total=30.0, due_total=70.0)
        self.assertEqual(self.deal.billing_status, "invoiced")
        self._pay(invoice, date="2024-01-28")
        self.assertFigures(self.deal, invoiced_total=70.0, credited_total=30.0, paid_total=70.0)
        self.assertRecordValues(
            self.deal,
            [
                {
                    "billing_status": "paid",
                    "last_payment_date": self._date("2024-01-28"),
                    "paid_date": self._date("2024-01-30"),
                    "invoiced_untaxed": 70.0,
                }
            ],
        )

    def test_credit_for_one_of_two_deals(self):
        invoice = self._create_deal_invoice([(60.0, self.deal), (40.0, self.other)])
        refund = self._credit([(40.0, self.other)])
        self._settle(invoice, refund)
        self.assertFigures(self.deal, invoiced_total=60.0, due_total=60.0, overdue_total=60.0)
        self.assertFigures(self.other, credited_total=40.0)
        self.assertEqual(self.other.billing_status, "credited")
        self._pay(invoice)
        self.assertFigures(self.deal, invoiced_total=60.0, paid_total=60.0)
        self.assertFigures(self.other, credited_total=40.0)
        self.assertFalse(self.other.last_payment_date)
        self.assertFalse(self.other.paid_date)

    def test_credit_without_a_deal_counts_where_it_is_matched(self):
        invoice = self._create_deal_invoice([(60.0, self.deal), (40.0, self.other)])
        refund = self._credit([(50.0, None)])
        self.assertFigures(self.deal, invoiced_total=60.0, due_total=60.0, overdue_total=60.0)
        self._settle(invoice, refund)
        self.assertFigures(
            self.deal, invoiced_total=30.0, credited_total=30.0, due_total=30.0, overdue_total=30.0
        )
        self.assertFigures(
            self.other, invoiced_total=20.0, credited_total=20.0, due_total=20.0, overdue_total=20.0
        )
        self.assertEqual((self.deal.invoiced_untaxed, self.other.invoiced_untaxed), (30.0, 20.0))
        # Linked by finance, it counts there by its lines, and once.
        refund.opportunity_id = self.deal
        self.assertFigures(
            self.deal, invoiced_total=10.0, credited_total=50.0, due_total=10.0, overdue_total=10.0
        )
        self.assertFigures(self.other, invoiced_total=40.0, due_total=40.0, overdue_total=40.0)

    def test_credit_of_another_deal_pays_like_money(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)])
        refund = self._credit([(30.0, self.other)])
        self._settle(invoice, refund)
        self.assertFigures(
            self.deal, invoiced_total=100.0, paid_total=30.0, due_total=70.0, overdue_total=70.0
        )
        self.assertFigures(self.other, invoiced_total=-30.0, credited_total=30.0, paid_total=-30.0)

    def test_unmatched_credit_is_owed_to_the_customer(self):
        self._credit([(30.0, self.deal)])
        self.assertFigures(self.deal, invoiced_total=-30.0, credited_total=30.0, due_total=-30.0)
        self.assertEqual(self.deal.billing_status, "credited")

    def test_money_paid_back(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)])
        self._pay(invoice)
        refund = self._credit([(100.0, self.deal)], date="2024-01-30")
        self._pay(refund, date="2024-01-31")
        self.assertFigures(self.deal, credited_total=100.0)
        self.assertEqual(self.deal.billing_status, "credited")
        self.assertFalse(self.deal.paid_date)

    def test_reversal_in_draft_does_not_count(self):
        invoice = self._create_deal_invoice([(100.0, self.deal)], invoice_date_due="2024-03-01")
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}])
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0)
        self.assertEqual(self.deal.billing_status, "invoiced")

    def test_unmatched_again(self):
        invoice = self._create_deal_invoice([(60.0, self.deal), (40.0, self.other)])
        refund = self._credit([(50.0, None)])
        self._settle(invoice, refund)
        refund.line_ids.remove_move_reconcile()
        self.assertFigures(self.deal, invoiced_total=60.0, due_total=60.0, overdue_total=60.0)
        self.assertFigures(self.other, invoiced_total=40.0, due_total=40.0, overdue_total=40.0)

    def test_deals_of_a_matched_credit_note_follow_its_lines(self):
        """The invoice's deals hear of a change on the credit note."""
        invoice = self._create_deal_invoice([(60.0, self.deal), (40.0, self.other)])
        refund = self._credit([(40.0, None)])
        self._settle(invoice, refund)
        self._flush()
        refund.invoice_line_ids.opportunity_id = self.other
        self.assertFigures(self.deal, invoiced_total=60.0, due_total=60.0, overdue_total=60.0)
        self.assertFigures(self.other, credited_total=40.0)

    def test_cents_of_a_shared_credit_note_do_not_make_a_status(self):
        """Credited with other deals at cents that do not divide: neither paid nor overdue."""
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 3.0)])
        for amounts in ((10.0, 10.0, 10.0), (0.05, 33.33, 19.99), (66.67, 0.05, 0.05)):
            with self.subTest(amounts=amounts):
                deals = [self._create_deal(f"Deal {number}") for number in range(3)]
                invoice = self._create_deal_invoice(
                    list(zip(amounts, deals, strict=True)), currency_id=foreign.id
                )
                for amount, deal in list(zip(amounts, deals, strict=True))[1:]:
                    refund = self._credit([(amount, deal)], currency_id=foreign.id)
                    self._settle(invoice, refund)
                self._flush()
                for deal in deals[1:]:
                    self.assertAlmostEqual(deal.invoiced_total, 0.0, delta=0.011)
                self.assertEqual(deals[0].billing_status, "overdue")
