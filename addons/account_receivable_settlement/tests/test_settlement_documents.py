from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestSettlementDocuments(ReceivableCommon):
    """Credit notes, and which documents, accounts, partners and companies count at all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.income = cls.company_data["default_account_revenue"]
        cls.bank_account = cls.company_data["default_journal_bank"].default_account_id

    def _create_invoice(self, amount=1000.0, **values):
        values = {"invoice_date_due": "2024-02-09", **values}
        return self._create_document([{"price_unit": amount}], **values)

    def test_full_credit_note_is_no_payment(self):
        invoice = self._create_invoice()
        refund = invoice._reverse_moves([{"invoice_date": "2024-02-01"}], cancel=True)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual(
            self._get_settlements(invoice | refund),
            [("credit_note", 1000.0, "2024-02-01", 22, -8)],
        )

    def test_part_credited_part_paid(self):
        invoice = self._create_invoice()
        refund = self._create_invoice(250.0, move_type="out_refund", date="2024-01-30")
        self._settle(invoice, refund)
        self._pay(invoice, date="2024-02-10")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(
            self._get_settlements(invoice | refund),
            [
                ("credit_note", 250.0, "2024-01-30", 20, -10),
                ("payment", 750.0, "2024-02-10", 31, 1),
            ],
        )

    def test_credit_note_before_the_invoice(self):
        refund = self._create_invoice(100.0, move_type="out_refund", date="2024-01-02")
        invoice = self._create_invoice(100.0)
        self._settle(invoice, refund)
        self.assertEqual(
            self._get_settlements(invoice | refund),
            [("credit_note", 100.0, "2024-01-10", 0, -30)],
        )

    def test_money_paid_back_is_negative(self):
        refund = self._create_invoice(100.0, move_type="out_refund")
        self.assertEqual(self._get_settlements(refund), [])
        self._pay(refund, date="2024-01-25")
        self.assertEqual(
            self._get_settlements(refund), [("payment", -100.0, "2024-01-25", 15, -15)]
        )

    def test_zero_invoice_has_no_settlement(self):
        invoice = self._create_invoice(0.0)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self._get_settlements(invoice), [])

    def test_entries_have_no_settlements_of_their_own(self):
        """An opening balance that is paid, a payment that is set off: neither is an invoice."""
        opening = self._create_entry(
            (self.receivable, self.partner, 100.0), (self.income, None, -100.0)
        )
        money = self._create_entry(
            (self.bank_account, None, 100.0), (self.receivable, self.partner, -100.0)
        )
        self._settle(opening, money)
        self.assertTrue(opening.line_ids[0].reconciled)
        self._flush()
        self.assertFalse(
            self.env["account.receivable.settlement"].search(
                [("invoice_id", "in", (opening | money).ids)]
            )
        )

    def test_accounts_that_are_no_trade_receivables(self):
        account = self.receivable.copy({"name": "Tax owed to us"})
        self.partner.property_account_receivable_id = account
        invoice = self._create_invoice()
        self._pay(invoice)
        self.assertEqual(len(self._get_settlements(invoice)), 1)
        account.non_trade = True
        self.assertEqual(self._get_settlements(invoice), [])

    def test_vendor_bills_do_not_count(self):
        bill = self._create_invoice(move_type="in_invoice")
        self._pay(bill)
        self._flush()
        self.assertFalse(
            self.env["account.receivable.settlement"].search([("invoice_id", "=", bill.id)])
        )

    def test_cash_basis_tax_settles_nothing(self):
        self.company.tax_exigibility = True
        transition = self.env["account.account"].create(
            {
                "name": "Tax to come",
                "code": "TAXCOME",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        tax = self.env["account.tax"].create(
            {
                "name": "On payment",
                "amount": 20.0,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": transition.id,
            }
        )
        invoice = self._create_invoice(1000.0, taxes=tax)
        self._pay(invoice, 600.0)
        self.assertTrue(invoice.tax_cash_basis_created_move_ids)
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 600.0, "2024-01-20", 10, -20)]
        )

    def test_a_contacts_invoice_belongs_to_its_company(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.partner.id})
        invoice = self._create_invoice(partner_id=contact.id)
        self._pay(invoice)
        self._flush()
        settlement = self.env["account.receivable.settlement"].search(
            [("invoice_id", "=", invoice.id)]
        )
        self.assertEqual(settlement.partner_id, self.partner)
        self.partner.active = False
        self.assertEqual(
            self._get_settlements(invoice), [("payment", 1000.0, "2024-01-20", 10, -20)]
        )

    def test_companies_and_branches_are_not_mixed(self):
        self.company.write({"child_ids": [Command.create({"name": "Branch"})]})
        self.env.cr.precommit.run()  # Odoo loads the branch's chart of accounts
        branch = self.company.child_ids
        other = self.setup_other_company(name="Other")["company"]
        self.env.user.company_ids |= branch | other
        settlements = self.env["account.receivable.settlement"]
        companies = self.company | branch | other
        for number, company in enumerate(companies, start=1):
            move = (
                self.env["account.move"]
                .with_company(company)
                .create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.partner.id,
                        "invoice_date": "2024-01-10",
                        "invoice_line_ids": [
                            Command.create(
                                {"name": "x", "price_unit": 100.0 * number, "tax_ids": []}
                            )
                        ],
                    }
                )
            )
            move.action_post()
            self.assertEqual(move.company_id, company)
            self.env["account.payment.register"].with_company(company).with_context(
                active_model="account.move", active_ids=move.ids
            ).create({"payment_date": "2024-01-20"})._create_payments()
        self._flush()
        for number, company in enumerate(companies, start=1):
            rows = settlements.with_context(allowed_company_ids=company.ids).search(
                [("partner_id", "=", self.partner.id)]
            )
            self.assertRecordValues(
                rows, [{"company_id": company.id, "amount": 100.0 * number, "kind": "payment"}]
            )
