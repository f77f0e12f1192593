from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestSettlementCurrency(ReceivableCommon):
    """Exchange differences are neither money nor late, and belong to what caused them: a foreign
    invoice paid in full is paid in full, whatever the rate did.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency(
            "EUR", rates=[("2023-01-01", 2.0), ("2024-01-20", 2.5), ("2024-02-01", 1.6)]
        )

    def _create_invoice(self, amount=1000.0, **values):
        return self._create_document(
            [{"price_unit": amount}],
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

    def test_gain(self):
        """500.00 at the invoice's rate, 625.00 received: the gain is not the customer's."""
        invoice = self._create_invoice()
        self._pay(invoice, date="2024-02-10")
        self.assertEqual(self._get_settlements(invoice), [("payment", 500.0, "2024-02-10", 31, 1)])

    def test_part_payments_at_two_rates(self):
        invoice = self._create_invoice()
        self._pay(invoice, 500.0, date="2024-01-20")
        rows = self._get_settlements(invoice)
        self.assertAlmostEqual(sum(row[1] for row in rows), 500.0 - invoice.amount_residual_signed)
        self._pay(invoice, date="2024-02-10")
        rows = self._get_settlements(invoice)
        self.assertAlmostEqual(sum(row[1] for row in rows), 500.0)

    def test_paid_in_company_currency(self):
        invoice = self._create_invoice()
        self._pay(invoice, 400.0, date="2024-01-20", currency_id=self.company.currency_id.id)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertAlmostEqual(sum(row[1] for row in self._get_settlements(invoice)), 500.0)

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
                refund = invoice._reverse_moves([{"invoice_date": date, "date": date}], cancel=True)
                self.assertEqual(invoice.amount_residual, 0.0)
                rows = self._get_settlements(invoice)
                self.assertFalse([row for row in rows if row[0] == "payment"])
                self.assertAlmostEqual(sum(row[1] for row in rows), 500.0)
                self.assertFalse(
                    [row for row in self._get_settlements(refund) if row[0] != "exchange"]
                )

    def test_unreconciled_difference_is_gone(self):
        invoice = self._create_invoice()
        self._pay(invoice, date="2024-01-20")
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._get_settlements(invoice), [])

    def test_deactivated_currency_is_still_owed(self):
        invoice = self._create_invoice()
        self._pay(invoice, 500.0, date="2024-01-15")
        self.foreign.active = False
        self.assertEqual(self._get_settlements(invoice), [("payment", 250.0, "2024-01-15", 5, -25)])

    def _get_sums(self, invoice):
        """What the invoice was settled as, at its own rate."""
        self._get_settlements(invoice)
        return dict(
            self.env["account.receivable.settlement"]._read_group(
                [("invoice_id", "=", invoice.id)], ["settled_as"], ["amount:sum"]
            )
        )

    def test_paid_in_full_whatever_the_rate_did(self):
        """1,000 EUR invoiced at 2.0: 500, though 400, or 625, was received."""
        for date in ("2024-01-20", "2024-02-10"):
            invoice = self._create_invoice()
            self._pay(invoice, date=date)
            self.assertEqual(self._get_sums(invoice), {"payment": 500.0})

    def test_paid_in_parts_at_two_rates(self):
        invoice = self._create_invoice()
        self._pay(invoice, 500.0, date="2024-01-20")
        self._pay(invoice, date="2024-02-10")
        self.assertEqual(self._get_sums(invoice), {"payment": 500.0})

    def test_write_off_at_the_invoices_own_rate(self):
        """20 of 1,000 EUR are lost: 10 of 500, though 8 were booked."""
        invoice = self._create_invoice()
        self._pay(
            invoice,
            980.0,
            date="2024-01-20",
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("exchange", 2.0, "2024-01-20", 10, -20),
                ("exchange", 98.0, "2024-01-20", 10, -20),
                ("payment", 392.0, "2024-01-20", 10, -20),
                ("write_off", 8.0, "2024-01-20", 10, -20),
            ],
        )
        self.assertEqual(self._get_sums(invoice), {"payment": 490.0, "write_off": 10.0})

    def test_early_discount_at_the_invoices_own_rate(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
            }
        )
        invoice = self._create_invoice(invoice_payment_term_id=terms.id)
        self._pay(invoice, date="2024-01-20")
        self.assertEqual(self._get_sums(invoice), {"payment": 490.0, "discount": 10.0})

    def test_credited_at_another_rate(self):
        invoice = self._create_invoice()
        refund = invoice._reverse_moves(
            [{"invoice_date": "2024-01-25", "date": "2024-01-25"}], cancel=True
        )
        self.assertEqual(self._get_sums(invoice), {"credit_note": 500.0})
        self.assertEqual(self._get_sums(refund), {})

    def test_moved_at_another_rate(self):
        """A bill of 400 for what was 500: 400 are owed, the difference says nothing."""
        bills = self.company_data["default_account_receivable"].copy({"name": "Bills"})
        receivable = self.company_data["default_account_receivable"]
        invoice = self._create_invoice()
        slip = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": "2024-01-20",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": self.partner.id,
                            "currency_id": self.foreign.id,
                            "amount_currency": amount,
                        }
                    )
                    for account, amount in ((bills, 1000.0), (receivable, -1000.0))
                ],
            }
        )
        slip.action_post()
        self._settle(invoice, slip)
        self.assertEqual(self._get_sums(invoice), {"cleared": 100.0})
        transfer = self.env["account.receivable.transfer"].search([("invoice_id", "=", invoice.id)])
        self.assertRecordValues(transfer, [{"amount": 400.0, "amount_open": 400.0}])
