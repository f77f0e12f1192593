from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..models import account_receivable
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

    def _get_with(self, partner=None):
        """What the customer has; the invoice alone has nothing more."""
        self._flush()
        receivable = self.env["account.receivable"]
        of_customer = receivable._look_up(Scope(partners=partner or self.partner)).without
        instalments = self.invoice.line_ids.filtered(
            lambda line: line.account_id == self.receivable
        )
        of_invoice = receivable._look_up(Scope(line_ids=SQL("%s::int[]", instalments.ids))).without
        if not partner:
            self.assertLessEqual(of_customer, of_invoice)
        self.assertEqual(
            self._get_settlements(receivable._look_up_examined(Scope())),
            self._get_settlements(Scope()),
            "the whole books",
        )
        return {"special", "moved", "unposted"} - of_customer

    def _get_settlements(self, scope):
        settlements = self.env["account.receivable.settlement"]._get_settlement_sql(scope)
        return sorted(self.env.execute_query(SQL("SELECT * FROM (%s) settlement", settlements)))

    def test_open_and_paid(self):
        self.assertEqual(self._get_with(), set())
        self._pay(self.invoice, 600.0)
        self._pay(self.invoice)
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self._get_with(), set())

    def test_credited(self):
        refund = self._create_document([{"price_unit": 400.0}], move_type="out_refund")
        self._settle(self.invoice, refund)
        self.assertEqual(self.invoice.amount_residual, 600.0)
        self.assertEqual(self._get_with(), set())

    def test_written_off_with_the_payment(self):
        payment = self._pay(
            self.invoice,
            990.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self.assertEqual(self._get_with(), {"special"})
        self._flush()
        receivable = self.env["account.receivable"]
        examined = receivable._look_up_examined(Scope()).examined_move_ids
        [[move_ids]] = self.env.execute_query(SQL("SELECT %s", examined))
        self.assertEqual(move_ids, payment.move_id.ids)
        with patch.object(account_receivable, "MANY_MOVES", 1):
            self.assertIsNone(receivable._look_up_examined(Scope()).examined_move_ids)

    def test_settled_by_an_entry(self):
        loss = self._create_entry(
            (self.receivable, self.partner, -1000.0), (self.expense, None, 1000.0)
        )
        self.assertEqual(self._get_with(), set(), "it settles nothing yet")
        self._settle(self.invoice, loss)
        self.assertEqual(self._get_with(), {"special"})

    def test_moved_to_another_account(self):
        portfolio = self.receivable.copy({"name": "Portfolio"})
        slip = self._create_entry(
            (self.receivable, self.partner, -1000.0), (portfolio, self.partner, 1000.0)
        )
        self._settle(self.invoice, slip)
        self.assertEqual(self._get_with(), {"special", "moved"})

    def test_settled_with_somebody_else(self):
        """Whoever took it over has an entry of his own; the invoice was settled by one."""
        other = self.env["res.partner"].create({"name": "Factor"})
        sold = self._create_entry(
            (self.receivable, None, -1000.0), (self.receivable, other, 1000.0)
        )
        self._settle(self.invoice, sold)
        self.assertEqual(self._get_with(), {"special", "moved"})
        self.assertEqual(self._get_with(other), set())

    def test_paid_without_entry(self):
        self._pay_without_entry(self.invoice, 600.0)
        self.assertEqual(self._get_with(), {"unposted"})

    def test_paid_at_another_rate(self):
        foreign = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0), ("2024-01-15", 2.5)])
        self.invoice = self._create_document([{"price_unit": 1000.0}], currency_id=foreign.id)
        self.assertEqual(self._get_with(), set())
        self._pay(self.invoice)
        self.assertEqual(self._get_with(), {"special"})

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
        self.assertEqual(self._get_with(), {"special", "moved", "unposted"})
