from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from ..scope import Scope
from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestOpenItems(ReceivableCommon):
    """What is open, and since when, item by item."""

    def _get_items(self, as_of=None, since=None):
        """Rows ``(amount, due date)`` of the customer's open items, the first due first."""
        self._flush()
        self.env["account.receivable"]._flush()
        sql = self.env["account.receivable.item"]._get_item_sql(
            Scope(self.company, self.partner, as_of, since)
        )
        return sorted(
            ((float(row["amount"]), str(row["due_date"])) for row in self._read(sql)),
            key=lambda row: (row[1], row[0]),
        )

    def _read(self, sql):
        return self.env.execute_query_dict(sql)

    def _create_instalments(self, amount, *parts, **values):
        """An invoice of 10 January due in parts ``(fixed amount, days)``; the last is the rest."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "In parts",
                "line_ids": [
                    Command.create(
                        {"value": "fixed", "value_amount": part, "nb_days": days}
                        if part is not None
                        else {"value": "percent", "value_amount": 100, "nb_days": days}
                    )
                    for part, days in parts
                ],
            }
        )
        return self._create_document(
            [{"price_unit": amount}], invoice_payment_term_id=terms.id, **values
        )

    def test_negative_instalment_is_taken_off_the_document(self):
        invoice = self._create_instalments(60.0, (100.0, 0), (None, 90))
        amounts = invoice.line_ids.filtered("date_maturity").mapped("balance")
        self.assertEqual(sorted(amounts), [-40.0, 100.0], "as Odoo keeps it")
        self.assertEqual(self._get_items(), [(60.0, "2024-01-10")])
        self._pay(invoice, 60.0)
        self.assertEqual(self._get_items(), [])

    def test_negative_instalment_is_taken_off_the_last_due(self):
        self._create_instalments(70.0, (50.0, 0), (60.0, 90), (None, 30))
        self.assertEqual(
            self._get_items(),
            [(50.0, "2024-01-10"), (20.0, "2024-04-09")],
            "of the 110 that are asked for, 40 too many",
        )

    def test_credit_of_another_document_is_not_netted(self):
        self._create_document([{"price_unit": 100.0}])
        self._create_document([{"price_unit": 30.0}], move_type="out_refund")
        self.assertEqual(self._get_items(), [(-30.0, "2024-01-10"), (100.0, "2024-01-10")])

    def test_entries_of_one_opening_balance_are_not_netted(self):
        receivable = self.company_data["default_account_receivable"]
        equity = self.company_data["default_account_revenue"]
        self._create_entry(
            (receivable, self.partner, 100.0),
            (receivable, self.partner, -30.0),
            (equity, None, -70.0),
        )
        self.assertEqual(self._get_items(), [(-30.0, "2024-01-20"), (100.0, "2024-01-20")])

    def test_revaluation_is_no_debt(self):
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0)])
        self._create_document(
            [{"price_unit": 1000.0}],
            currency_id=currency.id,
            invoice_date_due="2024-06-30",
        )
        receivable = self.company_data["default_account_receivable"]
        revaluation = self._create_entry(
            (receivable, self.partner, 200.0),
            (self.company_data["default_account_revenue"], None, -200.0),
            post=False,
        )
        revaluation.line_ids.filtered("partner_id").with_context(check_move_validity=False).write(
            {"currency_id": currency.id, "amount_currency": 0.0, "balance": 200.0}
        )
        revaluation.action_post()
        self.assertEqual(revaluation.line_ids.filtered("partner_id").amount_residual, 200.0)
        self.assertEqual(self._get_items(), [(500.0, "2024-06-30")])

    def test_what_a_rate_left_of_a_paid_invoice_is_no_debt(self):
        """1,000 EUR at 2.0 paid at 2.5, and nobody booked the difference of 100: Odoo says paid."""
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0)])
        receivable = self.company_data["default_account_receivable"]
        invoice = self._create_document([{"price_unit": 1000.0}], currency_id=currency.id)
        money = self._create_entry(
            (receivable, self.partner, -400.0),
            (self.company_data["default_account_revenue"], None, 400.0),
            date="2024-02-05",
            post=False,
        )
        line = money.line_ids.filtered("partner_id")
        line.with_context(check_move_validity=False).write(
            {"currency_id": currency.id, "amount_currency": -1000.0, "balance": -400.0}
        )
        money.action_post()
        (line | invoice.line_ids.filtered("date_maturity")).with_context(
            no_exchange_difference=True
        ).reconcile()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.line_ids.filtered("date_maturity").amount_residual, 100.0)
        self.assertEqual(self._get_items(), [])
        self.assertEqual(self._get_items(as_of=date(2024, 2, 10)), [])
        self.assertEqual(self._get_items(as_of=date(2024, 2, 1)), [(500.0, "2024-01-10")])

    def test_paid_without_journal_entry_long_ago_is_not_open(self):
        """Which settlements are wanted says nothing of what is open."""
        invoice = self._create_document([{"price_unit": 100.0}])
        self._pay_without_entry(invoice, 70.0, date="2024-01-20")
        self.assertEqual(self._get_items(), [(30.0, "2024-01-10")])
        self.assertEqual(self._get_items(since=date(2024, 2, 1)), [(30.0, "2024-01-10")])
