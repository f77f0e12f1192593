from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.account_receivable import FEW_LINES
from ..scope import Scope
from .common import ReceivableCommon


@tagged("post_install", "-at_install")
class TestLookUp(ReceivableCommon):
    """For whom the relations leave out what nearly nobody has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
        cls.invoice = cls._create_document([{"price_unit": 1000.0}])

    def _is_plain(self):
        """Of the customer; the invoice alone is at most as odd."""
        self._flush()
        receivable = self.env["account.receivable"]
        of_customer = receivable._look_up(Scope(partners=self.partner)).is_plain
        instalments = self.invoice.line_ids.filtered(
            lambda line: line.account_id == self.receivable
        )
        of_invoice = receivable._look_up(Scope(line_ids=SQL("%s::int[]", instalments.ids))).is_plain
        self.assertGreaterEqual(of_invoice, of_customer)
        return of_customer

    def test_open_and_paid(self):
        self.assertTrue(self._is_plain())
        self._pay(self.invoice, 600.0)
        self._pay(self.invoice)
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertTrue(self._is_plain())

    def test_credited(self):
        refund = self._create_document([{"price_unit": 400.0}], move_type="out_refund")
        self._settle(self.invoice, refund)
        self.assertEqual(self.invoice.amount_residual, 600.0)
        self.assertTrue(self._is_plain())

    def test_written_off_with_the_payment(self):
        self._pay(
            self.invoice,
            990.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self.assertFalse(self._is_plain())

    def test_settled_by_an_entry(self):
        loss = self._create_entry(
            (self.receivable, self.partner, -1000.0), (self.expense, None, 1000.0)
        )
        self.assertFalse(self._is_plain(), "an entry of the customer, matched or not")
        self._settle(self.invoice, loss)
        self.assertFalse(self._is_plain())

    def test_moved_to_another_account(self):
        portfolio = self.receivable.copy({"name": "Portfolio"})
        slip = self._create_entry(
            (self.receivable, self.partner, -1000.0), (portfolio, self.partner, 1000.0)
        )
        self._settle(self.invoice, slip)
        self.assertFalse(self._is_plain())

    def test_settled_with_somebody_else(self):
        """Whoever took it over has an entry of his own; the invoice was settled by one."""
        other = self.env["res.partner"].create({"name": "Factor"})
        sold = self._create_entry(
            (self.receivable, None, -1000.0), (self.receivable, other, 1000.0)
        )
        self._settle(self.invoice, sold)
        self.assertFalse(self._is_plain())
        self._flush()
        scope = self.env["account.receivable"]._look_up(Scope(partners=other))
        self.assertFalse(scope.is_plain)

    def test_paid_without_entry(self):
        self._pay_without_entry(self.invoice, 600.0)
        self.assertFalse(self._is_plain())

    def test_paid_at_another_rate(self):
        foreign = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0), ("2024-01-15", 2.5)])
        self.invoice = self._create_document([{"price_unit": 1000.0}], currency_id=foreign.id)
        self.assertTrue(self._is_plain())
        self._pay(self.invoice)
        self.assertFalse(self._is_plain())

    def test_many_are_not_looked_up(self):
        self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner.id,
                    "invoice_date": "2024-01-10",
                    "invoice_line_ids": [Command.create({"name": "One", "price_unit": 1.0})],
                }
                for _number in range(FEW_LINES)
            ]
        )
        self.assertFalse(self._is_plain())
