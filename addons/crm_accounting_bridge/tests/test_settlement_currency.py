from freezegun import freeze_time

from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestSettlementCurrency(BridgeCommon):
    """Exchange differences are neither money nor late: a foreign invoice paid in full is paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency(
            "EUR", rates=[("2023-01-01", 2.0), ("2024-01-20", 2.5), ("2024-02-01", 1.6)]
        )

    def _create_invoice(self, amount=1000.0, **values):
        return self._create_deal_invoice(
            [(amount, self._create_deal())],
            currency_id=self.foreign.id,
            invoice_date_due="2024-02-09",
            **values,
        )

    def test_loss(self):
        """500.00 at the invoice's rate, 400.00 received."""
        invoice = self._create_invoice()
        self._pay(invoice, date="2024-01-20")
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("exchange", 100.0, "2024-01-20", 10, -20),
                ("payment", 400.0, "2024-01-20", 10, -20),
            ],
        )
        self.assertFigures(invoice.opportunity_id, invoiced_total=500.0, paid_total=500.0)
        self.assertRecordValues(
            invoice.opportunity_id,
            [
                {
                    "billing_status": "paid",
                    "paid_date": self._date("2024-01-20"),
                    "last_payment_date": self._date("2024-01-20"),
                }
            ],
        )

    def test_gain(self):
        """500.00 at the invoice's rate, 625.00 received: the gain is not the customer's."""
        invoice = self._create_invoice()
        self._pay(invoice, date="2024-02-10")
        self.assertEqual(self._get_settlements(invoice), [("payment", 500.0, "2024-02-10", 31, 1)])
        self.assertFigures(invoice.opportunity_id, invoiced_total=500.0, paid_total=500.0)

    def test_part_payments_at_two_rates(self):
        invoice = self._create_invoice()
        self._pay(invoice, 500.0, date="2024-01-20")
        rows = self._get_settlements(invoice)
        self.assertAlmostEqual(sum(row[1] for row in rows), 500.0 - invoice.amount_residual_signed)
        self._pay(invoice, date="2024-02-10")
        rows = self._get_settlements(invoice)
        self.assertAlmostEqual(sum(row[1] for row in rows), 500.0)
        self.assertFigures(invoice.opportunity_id, invoiced_total=500.0, paid_total=500.0)

    def test_paid_in_company_currency(self):
        invoice = self._create_invoice()
        self._pay(invoice, 400.0, date="2024-01-20", currency_id=self.company.currency_id.id)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertAlmostEqual(sum(row[1] for row in self._get_settlements(invoice)), 500.0)
        self.assertFigures(invoice.opportunity_id, invoiced_total=500.0, paid_total=500.0)

    def test_paid_without_journal_entry(self):
        """A payment in the invoice's currency is worth what the invoice's rate says."""
        invoice = self._create_invoice()
        self._pay_without_entry(invoice, 400.0)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 200.0, "2024-01-20", 10, -20)]
        )

    def test_paid_in_company_currency_without_journal_entry(self):
        invoice = self._create_invoice()
        self._pay_without_entry(invoice, 150.0, currency_id=self.company.currency_id.id)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 150.0, "2024-01-20", 10, -20)]
        )

    def test_payment_of_nothing_pays_nothing(self):
        """Neither in the invoice's currency nor in another one."""
        invoice = self._create_invoice()
        for currency in (self.foreign, self.company.currency_id):
            payment = self._pay_without_entry(invoice, 1.0, currency_id=currency.id)
            self.assertEqual(len(self._get_settlements(invoice)), 1)
            payment.amount = 0.0
            self.assertEqual(payment.invoice_ids, invoice)
            self.assertEqual(self._get_settlements(invoice), [])

    def test_invoices_of_two_rates_paid_at_once_without_journal_entry(self):
        """600 EUR: 300 for the first at 2.0, what is left, 300 of 500, for the second at 1.6."""
        first = self._create_invoice(300.0)
        second = self._create_invoice(500.0, date="2024-02-05")
        payment = self._pay_without_entry(
            first | second, 600.0, date="2024-02-10", group_payment=True
        )
        self.assertEqual(len(payment), 1)
        self.assertEqual(payment.invoice_ids, first | second)
        self.assertEqual(self._get_settlements(first), [("payment", 150.0, "2024-02-10", 31, 1)])
        self.assertEqual(self._get_settlements(second), [("payment", 187.5, "2024-02-10", 5, 1)])

    def test_difference_of_a_credit_note_belongs_to_the_credit_note(self):
        """Credited at another rate: nothing was paid, nothing is due."""
        for date in ("2024-01-25", "2024-02-10"):
            with self.subTest(date=date):
                invoice = self._create_invoice()
                deal = invoice.opportunity_id
                refund = invoice._reverse_moves([{"invoice_date": date, "date": date}], cancel=True)
                self.assertEqual(invoice.amount_residual, 0.0)
                rows = self._get_settlements(invoice)
                self.assertFalse([row for row in rows if row[0] == "payment"])
                self.assertAlmostEqual(sum(row[1] for row in rows), 500.0)
                self.assertFalse(
                    [row for row in self._get_settlements(refund) if row[0] != "exchange"]
                )
                self._flush()
                self.assertRecordValues(
                    deal,
                    [
                        {
                            "invoiced_total": 0.0,
                            "credited_total": 500.0,
                            "paid_total": 0.0,
                            "due_total": 0.0,
                            "billing_status": "credited",
                            "paid_date": False,
                        }
                    ],
                )

    def test_unreconciled_difference_is_gone(self):
        invoice = self._create_invoice()
        self._pay(invoice, date="2024-01-20")
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._get_settlements(invoice), [])
        self.assertFigures(
            invoice.opportunity_id, invoiced_total=500.0, due_total=500.0, overdue_total=500.0
        )

    def test_deactivated_currency_is_still_owed(self):
        invoice = self._create_invoice()
        self._pay(invoice, 500.0, date="2024-01-15")
        self.foreign.active = False
        self.assertEqual(self._get_settlements(invoice), [("payment", 250.0, "2024-01-15", 5, -25)])
        self.assertFigures(
            invoice.opportunity_id,
            invoiced_total=500.0,
            paid_total=250.0,
            due_total=250.0,
            overdue_total=250.0,
        )
