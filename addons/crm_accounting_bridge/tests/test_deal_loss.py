from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestDealLoss(BridgeCommon):
    """What a deal makes of entries that bring no money: losses, discounts, claims that move."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.expense = cls.company_data["default_account_expense"]
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
        return self._create_deal_invoice([(amount, self._create_deal())], **values)

    def _settle_by_entry(self, invoice, *lines, date="2024-01-20"):
        entry = self._create_entry(
            *lines, (self.receivable, self.partner, -invoice.amount_total), date=date
        )
        self._settle(invoice, entry)
        self.assertEqual(invoice.payment_state, "paid")
        return entry

    def test_bad_debt_is_a_loss_and_no_payment(self):
        invoice = self._create_invoice()
        deal = invoice.opportunity_id
        self._settle_by_entry(invoice, (self.expense, None, 1000.0))
        self.assertFigures(deal, invoiced_total=1000.0, written_off_total=1000.0)
        self.assertRecordValues(
            deal, [{"billing_status": "invoiced", "paid_date": False, "last_payment_date": False}]
        )

    def test_bank_entry_with_a_loss(self):
        invoice = self._create_invoice()
        self._settle_by_entry(
            invoice, (self.bank_account, None, 700.0), (self.expense, None, 300.0)
        )
        deal = invoice.opportunity_id
        self.assertFigures(deal, invoiced_total=1000.0, paid_total=700.0, written_off_total=300.0)
        self.assertEqual(deal.billing_status, "paid")

    def test_clearing_account_pays(self):
        """Cards, cheques in hand, tax withheld, advances: whatever is no loss has paid."""
        clearing = self.env["account.account"].create(
            {"name": "Cards", "code": "CARDS", "account_type": "asset_current"}
        )
        invoice = self._create_invoice()
        self._settle_by_entry(invoice, (clearing, None, 1000.0))
        deal = invoice.opportunity_id
        self.assertFigures(deal, invoiced_total=1000.0, paid_total=1000.0)
        self.assertRecordValues(
            deal, [{"billing_status": "paid", "paid_date": self._date("2024-01-20")}]
        )

    def test_what_equity_clears_counts_as_paid(self):
        """Nothing is due any more; that it is no money, the customer's figures know."""
        equity = self.env["account.account"].create(
            {"name": "Own", "code": "OWNEQ", "account_type": "equity"}
        )
        invoice = self._create_invoice()
        self._settle_by_entry(invoice, (equity, None, 1000.0))
        self.assertFigures(invoice.opportunity_id, invoiced_total=1000.0, paid_total=1000.0)

    def test_bill_is_overdue_until_it_is_honoured(self):
        """Moved to the portfolio, honoured by the bank in March."""
        portfolio = self.receivable.copy({"name": "Bills in portfolio"})
        invoice = self._create_invoice()
        deal = invoice.opportunity_id
        slip = self._settle_by_entry(invoice, (portfolio, self.partner, 1000.0))
        self.assertFigures(deal, invoiced_total=1000.0, due_total=1000.0, overdue_total=1000.0)
        self.assertRecordValues(
            deal,
            [
                {
                    "billing_status": "overdue",
                    "next_due_date": self._date("2024-02-09"),
                    "paid_date": False,
                }
            ],
        )
        honoured = self._create_entry(
            (self.bank_account, None, 1000.0), (portfolio, self.partner, -1000.0), date="2024-03-01"
        )
        (slip | honoured).line_ids.filtered(lambda line: line.account_id == portfolio).reconcile()
        self.assertFigures(deal, invoiced_total=1000.0, paid_total=1000.0)
        self.assertRecordValues(
            deal,
            [
                {
                    "billing_status": "paid",
                    "next_due_date": False,
                    "paid_date": self._date("2024-03-01"),
                    "last_payment_date": self._date("2024-03-01"),
                }
            ],
        )

    def test_doubtful_claim_given_up(self):
        doubtful = self.receivable.copy({"name": "Doubtful debts"})
        invoice = self._create_invoice()
        deal = invoice.opportunity_id
        moved = self._settle_by_entry(invoice, (doubtful, self.partner, 1000.0))
        end = self._create_entry(
            (self.expense, None, 1000.0), (doubtful, self.partner, -1000.0), date="2024-03-01"
        )
        (moved | end).line_ids.filtered(lambda line: line.account_id == doubtful).reconcile()
        self.assertFigures(deal, invoiced_total=1000.0, written_off_total=1000.0)

    def test_early_discount(self):
        for computation, discount in (("included", 23.0), ("excluded", 20.0), ("mixed", 20.0)):
            with self.subTest(computation=computation):
                self.early_terms.early_pay_discount_computation = computation
                invoice = self._create_invoice(
                    taxes=self.tax, invoice_payment_term_id=self.early_terms.id
                )
                payment = self._pay(invoice, date="2024-01-15")
                self.assertFigures(
                    invoice.opportunity_id,
                    invoiced_total=invoice.amount_total,
                    paid_total=payment.amount,
                    discount_total=discount,
                )

    def test_shares_of_a_loss_follow_when_a_part_is_unreconciled(self):
        """0.07 lost of 60.06: 0.06 of the 50.05 that are left."""
        invoices = self.env["account.move"]
        for amount in (10.01, 20.02, 30.03):
            invoices |= self._create_invoice(amount)
        self._pay(
            invoices,
            59.99,
            group_payment=True,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        invoices[0].line_ids.remove_move_reconcile()
        for invoice, lost in zip(invoices[1:], (0.02, 0.04), strict=True):
            self.assertFigures(
                invoice.opportunity_id,
                invoiced_total=invoice.amount_total,
                paid_total=invoice.amount_total - lost,
                written_off_total=lost,
            )
