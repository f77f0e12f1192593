from freezegun import freeze_time

from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestDealCurrency(BridgeCommon):
    """Invoices in another currency: everything of a deal is at the invoice's own rate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # 1,000 EUR are 2,000 when invoiced, then 1,250, then 2,500.
        cls.foreign = cls.setup_other_currency(
            "EUR", rates=[("2023-01-01", 0.5), ("2024-01-20", 0.8), ("2024-02-01", 0.4)]
        )
        cls.deal = cls._create_deal()
        cls.expense = cls.company_data["default_account_expense"]

    def _create_invoice(self, amount=1000.0, deals=None, **values):
        return self._create_deal_invoice(
            [(amount, deal) for deal in deals or self.deal], currency_id=self.foreign.id, **values
        )

    def test_paid_in_full_at_another_rate(self):
        """Invoiced 2,000; 1,250 or 2,500 received: paid is 2,000, whatever the rate did."""
        for date in ("2024-01-20", "2024-02-01"):
            with self.subTest(date=date):
                deal = self._create_deal()
                self._pay(self._create_invoice(deals=deal), date=date)
                self.assertFigures(deal, invoiced_total=2000.0, paid_total=2000.0)
                self.assertEqual(deal.billing_status, "paid")

    def test_written_off_at_the_rate_of_the_invoice(self):
        """900 EUR paid and 100 given up: 1,800 and 200 of 2,000."""
        for date in ("2024-01-20", "2024-02-01"):
            with self.subTest(date=date):
                deal = self._create_deal()
                self._pay(
                    self._create_invoice(deals=deal),
                    900.0,
                    date=date,
                    payment_difference_handling="reconcile",
                    writeoff_account_id=self.expense.id,
                )
                self.assertFigures(
                    deal, invoiced_total=2000.0, paid_total=1800.0, written_off_total=200.0
                )

    def test_discount_at_the_rate_of_the_invoice(self):
        """2 % of 1,000 EUR: 40 of 2,000."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "2 % in 30 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 30,
                "line_ids": [(0, 0, {"value": "percent", "value_amount": 100, "nb_days": 30})],
            }
        )
        for date in ("2024-01-20", "2024-02-01"):
            with self.subTest(date=date):
                deal = self._create_deal()
                self._pay(
                    self._create_invoice(deals=deal, invoice_payment_term_id=terms.id), date=date
                )
                self.assertFigures(
                    deal, invoiced_total=2000.0, paid_total=1960.0, discount_total=40.0
                )

    def test_shares_of_several_deals(self):
        deals = self.deal + self._create_deal() + self._create_deal()
        invoice = self._create_invoice(333.33, deals=deals)
        self._pay(invoice, 500.0, date="2024-01-20")
        self._flush()
        for deal in deals:
            self.assertAlmostEqual(deal.paid_total, 333.33, delta=0.021)
        self._pay(
            invoice,
            400.0,
            date="2024-02-01",
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self._flush()
        self.assertAlmostEqual(sum(deals.mapped("paid_total")), 1800.0, 2)
        self.assertAlmostEqual(sum(deals.mapped("written_off_total")), 199.98, 2)
        for deal in deals:
            self.assertFigures(
                deal,
                invoiced_total=666.66,
                paid_total=deal.paid_total,
                written_off_total=666.66 - deal.paid_total,
            )

    def test_credited_in_full_at_another_rate(self):
        """Nothing is invoiced any more, with taxes or without; the difference is the company's."""
        tax = self.env["account.tax"].create({"name": "7.7 %", "amount": 7.7})
        for date in ("2024-01-20", "2024-02-01"):
            for amount, taxes in ((1000.0, None), (33.33, tax), (19.99, tax)):
                with self.subTest(date=date, amount=amount):
                    deal = self._create_deal()
                    values = {"taxes": taxes} if taxes else {}
                    invoice = self._create_invoice(amount, deals=deal, **values)
                    total = invoice.amount_total_signed
                    invoice._reverse_moves([{"invoice_date": date, "date": date}], cancel=True)
                    self.assertFigures(deal, credited_total=total)
                    self.assertEqual(deal.invoiced_untaxed, 0.0)
                    self.assertEqual(deal.billing_status, "credited")

    def test_credited_in_part_at_another_rate(self):
        """400 of 1,000 EUR are credited, then worth 500: 600 EUR are left, 1,200 of 2,000."""
        invoice = self._create_invoice()
        refund = self._create_invoice(400.0, date="2024-01-20", move_type="out_refund")
        self._settle(invoice, refund)
        self._pay(invoice, date="2024-02-01")
        self.assertFigures(
            self.deal, invoiced_total=1200.0, credited_total=800.0, paid_total=1200.0
        )
        self.assertEqual(self.deal.invoiced_untaxed, 1200.0)

    def test_dates_are_those_of_the_payment_not_of_the_difference(self):
        self._pay(self._create_invoice(), date="2024-01-20")
        self._flush()
        self.assertRecordValues(
            self.deal,
            [
                {
                    "paid_date": self._date("2024-01-20"),
                    "last_payment_date": self._date("2024-01-20"),
                }
            ],
        )

    def test_unreconciled_difference_is_gone(self):
        invoice = self._create_invoice(invoice_date_due="2024-02-09")
        self._pay(invoice, date="2024-01-20")
        invoice.line_ids.remove_move_reconcile()
        self.assertFigures(self.deal, invoiced_total=2000.0, due_total=2000.0, overdue_total=2000.0)

    def test_deactivated_currency_is_still_owed(self):
        invoice = self._create_invoice(invoice_date_due="2024-02-09")
        self._pay(invoice, 500.0, date="2024-01-15")
        self.foreign.active = False
        self.assertFigures(
            self.deal,
            invoiced_total=2000.0,
            paid_total=1000.0,
            due_total=1000.0,
            overdue_total=1000.0,
        )
