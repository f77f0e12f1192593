from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealLife(BridgeCommon):
    """What happens to documents, customers, companies and deals afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal("A")
        cls.other = cls._create_deal("B")

    def _create_invoice(self, amount=100.0, deal=None, **values):
        values = {"invoice_date_due": "2024-03-01", **values}
        return self._create_deal_invoice([(amount, deal or self.deal)], **values)

    def test_draft_counts_from_posting_on(self):
        invoice = self._create_invoice(post=False)
        self.assertFigures(self.deal)
        self.assertEqual(self.deal.billing_status, "none")
        self.assertFalse(self.deal.first_invoice_date)
        invoice.action_post()
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0)
        self.assertEqual(self.deal.next_due_date, self._date("2024-03-01"))

    def test_back_to_draft_posted_again_cancelled(self):
        invoice = self._create_invoice()
        self._pay(invoice, 40.0)
        invoice.button_draft()
        self.assertFigures(self.deal)
        invoice.action_post()
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=40.0, due_total=60.0)
        invoice.button_draft()
        # Another amount: Odoo takes the payment off, it is an unapplied credit.
        invoice.invoice_line_ids.price_unit = 120.0
        invoice.action_post()
        self.assertFigures(self.deal, invoiced_total=120.0, due_total=120.0)
        self.assertFalse(self.deal.last_payment_date)
        invoice.button_draft()
        invoice.button_cancel()
        self.assertFigures(self.deal)
        self.assertRecordValues(
            self.deal,
            [
                {
                    "billing_status": "none",
                    "last_payment_date": False,
                    "first_invoice_date": False,
                    "next_due_date": False,
                }
            ],
        )

    def test_deleted_draft_leaves_nothing(self):
        self._create_invoice(post=False).unlink()
        self.assertFigures(self.deal)
        self.assertFalse(self.deal.sudo().billing_line_ids)

    def test_receipt_counts_as_an_invoice(self):
        receipt = self._create_invoice(move_type="out_receipt")
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0)
        self._pay(receipt)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=100.0)
        self.assertEqual(self.deal.billing_status, "paid")

    def test_vendor_bills_and_entries_are_nobodys_deal(self):
        bill = self._create_invoice(move_type="in_invoice")
        self.assertFigures(self.deal)
        self.assertEqual(bill.state, "posted")

    def test_what_is_no_trade_receivable_is_nobodys_deal(self):
        """Claims that are no trade are neither owed nor settled, on all screens alike."""
        invoice = self._create_invoice()
        self._pay(invoice, 40.0)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=40.0, due_total=60.0)
        invoice.line_ids.account_id.filtered(
            lambda account: account.account_type == "asset_receivable"
        ).non_trade = True
        self.assertFalse(self.deal._get_billing_figures())

    def test_payer_other_than_the_customer(self):
        payer = self.env["res.partner"].create({"name": "Leasing", "is_company": True})
        invoice = self._create_invoice(partner_id=payer.id)
        self._pay(invoice)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=100.0)

    def test_deal_without_a_customer_and_with_another_one_later(self):
        self.deal.partner_id = False
        invoice = self._create_invoice()
        self.deal.partner_id = self.partner_b
        self._pay(invoice, 30.0)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=30.0, due_total=70.0)

    def test_merged_opportunities(self):
        self._create_invoice(100.0)
        invoice = self._create_invoice(50.0, self.other)
        self._pay(invoice)
        # Both deals on one invoice: their lines become one share.
        self._create_deal_invoice(
            [(10.0, self.deal), (20.0, self.other)], invoice_date_due="2024-03-01"
        )
        self._flush()
        merged = (self.deal | self.other).merge_opportunity()
        self.assertFigures(merged, invoiced_total=180.0, paid_total=50.0, due_total=130.0)
        self.assertEqual(merged.billing_status, "partially_paid")
        self.assertEqual((self.deal | self.other).exists(), merged)
        self.assertEqual(invoice.opportunity_id, merged)

    def test_merged_contacts(self):
        double = self.env["res.partner"].create({"name": "Prompt and Sons"})
        invoice = self._create_invoice(partner_id=double.id)
        self._pay(invoice, 30.0)
        self._flush()
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | double).ids, self.partner
        )
        self.env.invalidate_all()
        settlement = self.env["account.receivable.settlement"].search(
            [("invoice_id", "=", invoice.id)]
        )
        self.assertEqual(settlement.partner_id, self.partner)
        self._pay(invoice, 20.0)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=50.0, due_total=50.0)

    def test_archived_customer_still_owes(self):
        invoice = self._create_invoice()
        self.deal.partner_id.active = False
        self._pay(invoice, 30.0)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=30.0, due_total=70.0)

    def test_payment_without_journal_entry_is_paid_but_never_overdue(self):
        invoice = self._create_invoice(invoice_date_due="2024-01-20")
        self.env["account.payment.method.line"].search([]).payment_account_id = False
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner.id,
                "amount": 100.0,
                "date": "2024-01-25",
                "journal_id": self.company_data["default_journal_bank"].id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        payment.outstanding_account_id = False
        self._flush()
        self.assertEqual(self.deal.billing_status, "overdue")
        payment.action_post()
        self.assertFalse(payment.move_id)
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=100.0)
        self.assertRecordValues(
            self.deal,
            [
                {
                    "billing_status": "paid",
                    "last_payment_date": self._date("2024-01-25"),
                    "paid_date": self._date("2024-01-25"),
                }
            ],
        )
        payment.action_draft()
        payment.amount = 60.0
        payment.action_post()
        self.assertFigures(
            self.deal, invoiced_total=100.0, paid_total=60.0, due_total=40.0, overdue_total=40.0
        )
        payment.action_cancel()
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0, overdue_total=100.0)
        payment.action_draft()
        payment.action_post()
        self._flush()
        payment.action_draft()
        payment.unlink()
        self.assertFigures(self.deal, invoiced_total=100.0, due_total=100.0, overdue_total=100.0)

    def test_loss_accounts_changed_after_posting(self):
        """Somebody corrects the entry that settled the invoice: it was money after all."""
        invoice = self._create_invoice()
        expense = self.company_data["default_account_expense"]
        entry = self._create_entry(
            (expense, None, 100.0),
            (self.company_data["default_account_receivable"], self.partner, -100.0),
        )
        self._settle(invoice, entry)
        self.assertFigures(self.deal, invoiced_total=100.0, written_off_total=100.0)
        entry.line_ids.filtered("debit").account_id = self.company_data[
            "default_journal_bank"
        ].default_account_id
        self.assertFigures(self.deal, invoiced_total=100.0, paid_total=100.0)
        self.assertEqual(self.deal.billing_status, "paid")

    # Companies -------------------------------------------------------------------------------

    def test_deal_of_no_company_invoiced_in_two(self):
        """One currency for the deal; what is paid in full is paid in full, to the cent."""
        other_currency = self.setup_other_currency("EUR", rates=[])
        for date, rate in (("2023-01-01", 0.5), ("2024-01-15", 0.8), ("2024-01-25", 0.3)):
            self.env["res.currency.rate"].create(
                {"currency_id": other_currency.id, "name": date, "rate": rate, "company_id": False}
            )
        self.env["res.currency.rate"].search(
            [("currency_id", "=", self.company.currency_id.id)]
        ).unlink()
        company_2 = self.setup_other_company(name="Two", currency_id=other_currency.id)["company"]
        deal = self._create_deal("Everywhere", company_id=False)
        self._create_invoice(100.0, deal)
        self.assertFigures(deal, invoiced_total=100.0, due_total=100.0)
        self.assertEqual(deal.billing_currency_id, self.company.currency_id)
        invoices = self.env["account.move"]
        for date in ("2024-01-10", "2024-01-20"):
            invoices |= (
                self.env["account.move"]
                .with_company(company_2)
                .create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.partner.id,
                        "invoice_date": date,
                        "invoice_date_due": "2024-03-01",
                        "invoice_payment_term_id": False,
                        "invoice_line_ids": [
                            Command.create(
                                {
                                    "name": "x",
                                    "price_unit": 50.0,
                                    "tax_ids": [],
                                    "opportunity_id": deal.id,
                                }
                            )
                        ],
                    }
                )
            )
        invoices.action_post()
        self._flush()
        first_company = self.env["res.company"].search([], order="id", limit=1)
        self.assertEqual(deal.billing_currency_id, first_company.currency_id)
        # 100 USD and 2 x 50 EUR at 0.5 EUR per USD, the rate of the deal's first euro invoice.
        self.assertFigures(deal, invoiced_total=300.0, due_total=300.0)
        invoices[0]._reverse_moves([{"invoice_date": "2024-01-28"}], cancel=True)
        self.assertFigures(deal, invoiced_total=200.0, credited_total=100.0, due_total=200.0)
        self.assertEqual(deal.billing_status, "invoiced")

    def test_an_invoice_takes_no_deal_of_another_company(self):
        company_2 = self.setup_other_company(name="Two")["company"]
        self.other.company_id = company_2
        with self.assertRaisesRegex(Exception, "(?i)compan"):
            self._create_invoice(deal=self.other)
