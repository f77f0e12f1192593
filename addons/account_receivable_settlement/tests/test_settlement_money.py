from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestSettlementMoney(ReceivableCommon):
    """What counts as money received, when it came and how late that was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.bank = cls.company_data["default_journal_bank"]

    def _create_invoice(self, amount=1000.0, **values):
        values = {"invoice_date_due": "2024-02-09", **values}
        return self._create_document([{"price_unit": amount}], **values)

    def test_each_part_payment_has_its_own_lateness(self):
        invoice = self._create_invoice(100.0)
        self._pay(invoice, 60.0, date="2024-01-20")
        self.assertEqual(self._get_settlements(invoice), [("payment", 60.0, "2024-01-20", 10, -20)])
        self._pay(invoice, date="2024-02-19")
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("payment", 40.0, "2024-02-19", 40, 10),
                ("payment", 60.0, "2024-01-20", 10, -20),
            ],
        )

    def test_instalments_have_their_own_due_dates(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 30}),
                ],
            }
        )
        invoice = self._create_invoice(1000.0, invoice_payment_term_id=terms.id)
        self._pay(invoice, 400.0, date="2024-01-15", installments_mode="full")
        self._pay(invoice, date="2024-02-14")
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("payment", 100.0, "2024-01-15", 5, -25),
                ("payment", 300.0, "2024-01-15", 5, 5),
                ("payment", 600.0, "2024-02-14", 35, 5),
            ],
        )

    def test_prepayment_takes_no_days(self):
        invoice = self._create_invoice()
        self._pay(invoice, date="2023-12-20")
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-10", 0, -30)]
        )

    def test_due_before_the_invoice_counts_as_due_on_its_date(self):
        invoice = self._create_invoice(invoice_date_due="2023-12-01")
        self._pay(invoice, date="2024-01-15")
        self.assertEqual(self._get_settlements(invoice), [("payment", 1000.0, "2024-01-15", 5, 5)])

    def test_payment_in_draft_still_settles_and_follows_its_new_date(self):
        invoice = self._create_invoice()
        payment = self._pay(invoice)
        payment.action_draft()
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
        )
        payment.date = "2024-02-10"
        payment.action_post()
        self.assertEqual(self._get_settlements(invoice), [("payment", 1000.0, "2024-02-10", 31, 1)])
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(self._get_settlements(invoice), [])

    def test_unreconciled_is_as_before(self):
        invoice = self._create_invoice()
        self._pay(invoice)
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._get_settlements(invoice), [])

    def test_only_posted_invoices(self):
        invoice = self._create_invoice()
        self._pay(invoice)
        invoice.button_draft()
        self.assertEqual(self._get_settlements(invoice), [])
        invoice.action_post()
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
        )
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(self._get_settlements(invoice), [])

    def test_disputed_invoices_keep_what_was_paid(self):
        invoice = self._create_invoice()
        self._pay(invoice, 300.0)
        invoice.action_toggle_block_payment()
        self.assertEqual(invoice.payment_state, "blocked")
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 300.0, "2024-01-20", 10, -20)]
        )

    def test_receipt_is_paid_like_an_invoice(self):
        receipt = self._create_invoice(move_type="out_receipt")
        self._pay(receipt)
        self.assertEqual(
            self._get_settlements(receipt), [("payment", 1000.0, "2024-01-20", 10, -20)]
        )

    def test_bank_statement_line_reconciled_directly(self):
        invoice = self._create_invoice()
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": "2024-02-12",
                "payment_ref": "money",
                "partner_id": self.partner.id,
                "amount": 1000.0,
            }
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        suspense.account_id = self.receivable
        self._settle(invoice, statement_line.move_id)
        self.assertEqual(self._get_settlements(invoice), [("payment", 1000.0, "2024-02-12", 33, 3)])

    def test_entries_that_are_money(self):
        """Written by hand: bank, outstanding account, PoS receivable, set-off."""
        accounts = self.env["account.account"]
        pos_receivable = self.receivable.copy({"name": "Account Receivable (PoS)"})
        self.company.account_default_pos_receivable_account_id = pos_receivable
        card = accounts.create(
            {"name": "Card", "code": "CARDX", "account_type": "liability_credit_card"}
        )
        for account in (
            self.bank.default_account_id,
            self.company_data["default_journal_cash"].default_account_id,
            self.company_data["default_account_payable"],
            pos_receivable,
            card,
        ):
            with self.subTest(account=account.name):
                invoice = self._create_invoice()
                entry = self._create_entry(
                    (account, self.partner, 1000.0), (self.receivable, self.partner, -1000.0)
                )
                self._settle(invoice, entry)
                self.assertEqual(
                    self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
                )

    def test_outstanding_accounts_are_money_whoever_names_them(self):
        """Of the chart of accounts, without a payment method line that points to it."""
        outstanding = self.env["account.chart.template"].ref(
            "account_journal_payment_debit_account_id"
        )
        self.env["account.payment.method.line"].search([]).payment_account_id = False
        for account in (
            outstanding,
            self.bank.suspense_account_id,
            self.company.transfer_account_id,
        ):
            with self.subTest(account=account.name):
                invoice = self._create_invoice()
                entry = self._create_entry(
                    (account, None, 1000.0), (self.receivable, self.partner, -1000.0)
                )
                self._settle(invoice, entry)
                self.assertEqual(
                    self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
                )

    def test_payment_without_journal_entry(self):
        """State in process: the invoice is open in the ledger, but neither late nor unpaid."""
        invoice = self._create_invoice()
        payment = self._pay_without_entry(invoice, 400.0)
        self.assertFalse(payment.move_id)
        self.assertEqual(payment.state, "in_process")
        self.assertEqual(invoice.amount_residual, 1000.0)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 400.0, "2024-01-20", 10, -20)]
        )
        self._pay_without_entry(invoice, 600.0, date="2024-02-10")
        self.assertEqual(
            self._get_settlements(invoice),
            [
                ("payment", 400.0, "2024-01-20", 10, -20),
                ("payment", 600.0, "2024-02-10", 31, 1),
            ],
        )

    def test_payment_without_journal_entry_of_an_invoice_that_was_credited(self):
        """Nothing is left that the payment could settle, though it is still in process."""
        invoice = self._create_invoice()
        payment = self._pay_without_entry(invoice, 1000.0)
        credit_note = self._create_document(
            [{"price_unit": 1000.0}], date="2024-02-10", move_type="out_refund"
        )
        self._settle(invoice, credit_note)
        payment.state = "in_process"
        self.assertEqual(
            self._get_settlements(invoice), [("credit_note", 1000.0, "2024-02-10", 31, 1)]
        )

    def test_payment_without_journal_entry_matched_with_the_bank(self):
        """The bank's money takes the place of the payment: it is not there twice."""
        invoice = self._create_invoice()
        payment = self._pay_without_entry(invoice, 1000.0)
        entry = self._create_entry(
            (self.bank.default_account_id, None, 1000.0),
            (self.receivable, self.partner, -1000.0),
            date="2024-01-25",
        )
        self._settle(invoice, entry)
        self.assertEqual(payment.state, "paid")
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-25", 15, -15)]
        )

    def test_payment_without_journal_entry_rejected_or_cancelled(self):
        invoice = self._create_invoice()
        payment = self._pay_without_entry(invoice, 1000.0)
        payment.action_reject()
        self.assertEqual(self._get_settlements(invoice), [])
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(self._get_settlements(invoice), [])

    def test_payment_without_journal_entry_of_several_invoices(self):
        invoices = self._create_invoice(300.0) | self._create_invoice(
            500.0, invoice_date_due="2024-01-31"
        )
        self._pay_without_entry(invoices, 600.0, group_payment=True)
        self.assertEqual(
            self._get_settlements(invoices),
            [
                ("payment", 100.0, "2024-01-20", 10, -20),
                ("payment", 500.0, "2024-01-20", 10, -11),
            ],
        )
