from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestSettlementLoss(ReceivableCommon):
    """What was not received: write-offs and discounts are no money and no lateness."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.income = cls.company_data["default_account_revenue"]
        cls.bank_account = cls.company_data["default_journal_bank"].default_account_id
        cls.tax = cls.env["account.tax"].create({"name": "15 %", "amount": 15.0})
        cls.early_terms = cls.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    def _create_invoice(self, amount=1000.0, **values):
        values = {"invoice_date_due": "2024-02-09", **values}
        return self._create_document([{"price_unit": amount}], **values)

    def _write_off(self, invoices, amount, account=None, **values):
        return self._pay(
            invoices,
            amount,
            payment_difference_handling="reconcile",
            writeoff_account_id=(account or self.expense).id,
            **values,
        )

    def test_bad_debt_is_a_loss_and_no_payment(self):
        invoice = self._create_invoice()
        entry = self._create_entry(
            (self.expense, None, 1000.0), (self.receivable, self.partner, -1000.0)
        )
        self._settle(invoice, entry)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(
            self._get_settlements(invoice), [("write_off", 1000.0, "2024-01-20", 10, -20)]
        )

    def test_bad_debt_with_its_tax_taken_back(self):
        invoice = self._create_invoice(taxes=self.tax)
        tax_line = invoice.line_ids.filtered("tax_line_id")
        entry = self._create_entry(
            (self.expense, None, 1000.0),
            (tax_line.account_id, None, 150.0),
            (self.receivable, self.partner, -1150.0),
        )
        self._settle(invoice, entry)
        self.assertEqual(
            self._get_settlements(invoice), [("write_off", 1150.0, "2024-01-20", 10, -20)]
        )

    def test_bank_entry_with_a_loss(self):
        invoice = self._create_invoice()
        entry = self._create_entry(
            (self.bank_account, None, 700.0),
            (self.expense, None, 300.0),
            (self.receivable, self.partner, -1000.0),
        )
        self._settle(invoice, entry)
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("payment", 700.0, "2024-01-20", 10, -20),
                ("write_off", 300.0, "2024-01-20", 10, -20),
            ],
        )

    def test_write_off_inside_a_payment(self):
        invoice = self._create_invoice()
        self._write_off(invoice, 980.0)
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("payment", 980.0, "2024-01-20", 10, -20),
                ("write_off", 20.0, "2024-01-20", 10, -20),
            ],
        )

    def test_overpayment_kept_as_income_pays_what_was_invoiced(self):
        invoice = self._create_invoice()
        self._write_off(invoice, 1020.0, self.income)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
        )

    def test_write_off_over_three_invoices_adds_up_to_the_cent(self):
        invoices = (
            self._create_invoice(33.33) | self._create_invoice(33.33) | self._create_invoice(33.33)
        )
        self._write_off(invoices, 99.98, group_payment=True)
        rows = self._get_settlements(invoices)
        self.assertAlmostEqual(sum(row[1] for row in rows if row[0] == "write_off"), 0.01)
        self.assertAlmostEqual(sum(row[1] for row in rows if row[0] == "payment"), 99.98)
        invoices = (
            self._create_invoice(100.0) | self._create_invoice(200.0) | self._create_invoice(33.33)
        )
        self._write_off(invoices, 330.0, group_payment=True)
        shares = {
            invoice.amount_total: [row[:2] for row in self._get_settlements(invoice)]
            for invoice in invoices
        }
        self.assertEqual(
            shares,
            {
                100.0: [("payment", 99.0), ("write_off", 1.0)],
                200.0: [("payment", 198.0), ("write_off", 2.0)],
                33.33: [("payment", 33.0), ("write_off", 0.33)],
            },
        )

    def test_early_discount_without_tax(self):
        invoice = self._create_invoice(invoice_payment_term_id=self.early_terms.id)
        payment = self._pay(invoice, date="2024-01-15")
        self.assertEqual(payment.amount, 980.0)
        self.assertEqual(
            self._get_settlements(invoice),
            [("discount", 20.0, "2024-01-15", 5, -25), ("payment", 980.0, "2024-01-15", 5, -25)],
        )

    def test_early_discount_with_tax_in_each_computation(self):
        for computation, discount in (("included", 23.0), ("excluded", 20.0), ("mixed", 20.0)):
            with self.subTest(computation=computation):
                self.early_terms.early_pay_discount_computation = computation
                invoice = self._create_invoice(
                    taxes=self.tax, invoice_payment_term_id=self.early_terms.id
                )
                total = invoice.amount_total
                payment = self._pay(invoice, date="2024-01-15")
                self.assertAlmostEqual(payment.amount, total - discount)
                self.assertEqual(
                    self._get_settlements(invoice),
                    [
                        ("discount", discount, "2024-01-15", 5, -25),
                        ("payment", payment.amount, "2024-01-15", 5, -25),
                    ],
                )

    def test_discount_terms_paid_late_in_full(self):
        invoice = self._create_invoice(invoice_payment_term_id=self.early_terms.id)
        self._pay(invoice, date="2024-02-20")
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-02-20", 41, 11)]
        )

    def test_early_discount_of_several_invoices_in_one_payment(self):
        invoices = self._create_invoice(
            invoice_payment_term_id=self.early_terms.id
        ) | self._create_invoice(500.0, invoice_payment_term_id=self.early_terms.id)
        self._pay(invoices, date="2024-01-15", group_payment=True)
        self.assertEqual(
            [row[:2] for row in self._get_settlements(invoices)],
            [("discount", 10.0), ("discount", 20.0), ("payment", 490.0), ("payment", 980.0)],
        )

    def test_write_off_after_the_discount_date_is_no_discount(self):
        invoice = self._create_invoice(invoice_payment_term_id=self.early_terms.id)
        self._write_off(invoice, 980.0, date="2024-02-20")
        self.assertEqual(
            self._get_settlements(invoice),
            [("payment", 980.0, "2024-02-20", 41, 11), ("write_off", 20.0, "2024-02-20", 41, 11)],
        )

    def test_shares_of_a_loss_follow_when_a_part_is_unreconciled(self):
        invoices = self.env["account.move"]
        for amount in (10.01, 20.02, 30.03):
            invoices |= self._create_invoice(amount)
        self._write_off(invoices, 59.99, group_payment=True)
        invoices[0].line_ids.remove_move_reconcile()
        rows = self._get_settlements(invoices)
        self.assertAlmostEqual(sum(row[1] for row in rows), 50.05)
        self.assertEqual(
            [row[:2] for row in rows],
            [("payment", 20.0), ("payment", 29.99), ("write_off", 0.02), ("write_off", 0.04)],
        )
