from odoo import Command
from odoo.tests import tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
class TestHealthEvents(HealthCommon):
    """What is stored follows whatever happens in accounting, without waiting for the night."""

    def setUp(self):
        super().setUp()
        self._refresh()
        self.env.cr.execute("DELETE FROM account_receivable_change")

    def _commit(self):
        """End the transaction, and let the scheduled action work off what it changed."""
        self._flush()
        self.env.cr.postcommit.data.clear()
        changes = self.env["account.receivable.change"].sudo()
        while changes._work_off("crm.customer.health"):
            pass
        self._flush()

    def assertStored(self, partner=None, **expected):
        """The stored row has these figures; all rows are what the journals say plainly."""
        self._commit()
        self.assertAllRows(norm=self._get_norm())
        row = self._get_rows().get(partner or self.partner)
        for name, value in expected.items():
            self.assertFigure(name, row[name] if row else 0.0, value)

    def _create_statement_line(self, amount, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "partner_id": self.partner.id,
                "payment_ref": "Transfer",
                "amount": amount,
                "date": "2024-02-01",
                **values,
            }
        )

    def _put_on_account(self, statement_line):
        """What an accountant does with money that no invoice explains."""
        __, suspense_line, __ = statement_line._seek_for_lines()
        statement_line.with_context(force_delete=True, skip_readonly_check=True).write(
            {
                "line_ids": [
                    Command.delete(suspense_line.id),
                    Command.create(
                        {
                            "account_id": self.receivable.id,
                            "partner_id": statement_line.partner_id.id,
                            "balance": suspense_line.balance,
                        }
                    ),
                ]
            }
        )

    # Bank statement lines --------------------------------------------------------------------

    def test_money_on_account_from_a_statement_line_and_its_undo(self):
        statement_line = self._create_statement_line(70)
        self.assertStored(unapplied_credit_amount=0)
        self._put_on_account(statement_line)
        self.assertStored(unapplied_credit_amount=70)
        statement_line.action_undo_reconciliation()
        self.assertStored(unapplied_credit_amount=0)

    def test_statement_line_deleted(self):
        statement_line = self._create_statement_line(150, counterpart_account_id=self.receivable.id)
        self.assertStored(unapplied_credit_amount=150)
        statement_line.unlink()
        self.assertStored(unapplied_credit_amount=0)

    def test_statement_line_given_to_another(self):
        other = self._create_customer("Other")
        statement_line = self._create_statement_line(150)
        self._put_on_account(statement_line)
        self.assertStored(unapplied_credit_amount=150)
        # Odoo has it explained anew.
        statement_line.with_context(force_delete=True).partner_id = other
        self.assertStored(unapplied_credit_amount=0)
        self._put_on_account(statement_line)
        self.assertStored(other, unapplied_credit_amount=150)

    # Several operations in one transaction ---------------------------------------------------

    def test_invoice_drafted_and_deleted(self):
        self._invoice(500)
        invoice = self._invoice(500)
        self.assertStored(open_amount=1000, invoice_count=2)
        invoice.button_draft()
        invoice.unlink()
        self.assertStored(open_amount=500, invoice_count=1)

    def test_unmatched_payment_drafted_and_deleted(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner.id,
                "amount": 200,
                "date": "2024-02-01",
                "journal_id": self.bank.id,
            }
        )
        payment.action_post()
        self.assertStored(unapplied_credit_amount=200)
        payment.action_draft()
        payment.unlink()
        self.assertStored(unapplied_credit_amount=0)

    def test_invoice_drafted_given_to_another_and_posted(self):
        other = self._create_customer("Other")
        invoice = self._invoice(500)
        self.assertStored(open_amount=500)
        invoice.button_draft()
        invoice.partner_id = other
        invoice.action_post()
        self.assertStored(open_amount=0, invoice_count=0)
        self.assertStored(other, open_amount=500, invoice_count=1)

    def test_invoice_of_the_same_transaction_leaves_nothing(self):
        invoice = self._invoice(500)
        invoice.button_draft()
        invoice.unlink()
        self.assertStored(open_amount=0, invoice_count=0)
        self.assertNotIn(self.partner, self._get_rows())

    # Documents and reconciliations -----------------------------------------------------------

    def test_life_of_an_invoice(self):
        invoice = self._invoice(500)
        self.assertStored(open_amount=500)
        payment = self._pay(invoice, 200, date="2024-02-19")
        self.assertStored(open_amount=300, paid_amount=0, overdue_amount=300)
        invoice.line_ids.remove_move_reconcile()
        self.assertStored(open_amount=500, unapplied_credit_amount=200)
        (invoice.line_ids | payment.move_id.line_ids).filtered(
            lambda line: line.account_id == self.receivable
        ).reconcile()
        self.assertStored(open_amount=300, unapplied_credit_amount=0)
        invoice.button_draft()
        invoice.invoice_date = "2024-01-20"
        invoice.action_post()
        self.assertStored(open_amount=300, last_invoice_date=self._date("2024-01-20"))
        invoice.button_draft()
        invoice.button_cancel()
        self.assertStored(open_amount=0, unapplied_credit_amount=200)

    def test_due_date_and_dispute(self):
        invoice = self._invoice(500)
        self.assertStored(overdue_amount=500)
        term = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        term.date_maturity = "2099-01-01"
        self.assertStored(not_due_amount=500, overdue_amount=0)
        invoice.action_toggle_block_payment()
        self.assertStored(disputed_amount=500, not_due_amount=0)
        invoice.action_toggle_block_payment()
        self.assertStored(disputed_amount=0, not_due_amount=500)

    def test_account_of_an_item(self):
        invoice = self._invoice(500)
        self.assertStored(open_amount=500)
        term = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        term.account_id = self.receivable.copy({"non_trade": True})
        self.assertStored(open_amount=0)
        term.account_id = self.receivable
        self.assertStored(open_amount=500)

    # Payments without journal entry ----------------------------------------------------------

    def test_payment_without_entry(self):
        invoice = self._invoice(500)
        other = self._invoice(300)
        self.assertStored(open_amount=800)
        payment = self._pay_without_entry(invoice, 200, date="2024-02-01")
        self.assertFalse(payment.move_id)
        self.assertStored(open_amount=600)
        payment.amount = 250
        self.assertStored(open_amount=550)
        payment.invoice_ids = other
        self.assertStored(open_amount=550)
        other.matched_payment_ids = False
        self.assertStored(open_amount=800)
        payment.invoice_ids = other
        self.assertStored(open_amount=550)
        payment.action_draft()
        self.assertStored(open_amount=800)
        payment.action_post()
        self.assertStored(open_amount=550)
        payment.action_cancel()
        payment.unlink()
        self.assertStored(open_amount=800)

    def test_payment_without_entry_of_an_invoice_that_is_deleted(self):
        """What it paid of it is left for the other one."""
        first = self._invoice(500)
        second = self._invoice(500, invoice_date_due="2024-03-09")
        payment = self._pay_without_entry(first, 600, date="2024-02-01")
        payment.invoice_ids |= second
        self.assertStored(open_amount=400)
        first.button_draft()
        self._commit()
        first.unlink()
        self.assertStored(open_amount=0)

    # Customers -------------------------------------------------------------------------------

    def test_contact_gets_a_company(self):
        """Odoo gives its items to the company for good."""
        one, other = self._create_customer("One"), self._create_customer("Other")
        person = self.env["res.partner"].create({"name": "Buyer"})
        self._invoice(500, partner_id=person.id)
        self.assertStored(person, open_amount=500)
        person.parent_id = one
        self.assertStored(one, open_amount=500)
        self.assertNotIn(person, self._get_rows())
        person.parent_id = other
        self.assertStored(one, open_amount=500)
        self.assertNotIn(other, self._get_rows())

    def test_company_becomes_a_contact_and_a_company_again(self):
        one, branch = self._create_customer("One"), self._create_customer("Branch")
        person = self.env["res.partner"].create({"name": "Buyer", "parent_id": branch.id})
        branch.parent_id = one
        self._invoice(500, partner_id=person.id)
        self.assertStored(branch, open_amount=500)
        branch.is_company = False
        self.assertStored(one, open_amount=500)
        self.assertNotIn(branch, self._get_rows())
        branch.is_company = True
        self.assertStored(branch, open_amount=500)
        self.assertNotIn(one, self._get_rows())

    def test_company_of_a_contact_is_deleted(self):
        one, branch = self._create_customer("One"), self._create_customer("Branch")
        branch.parent_id = one
        self._invoice(500, partner_id=branch.id)
        branch.is_company = False
        self.assertStored(one, open_amount=500)
        one.unlink()
        self.assertStored(branch, open_amount=500)

    def test_merge(self):
        one, other = self._create_customer("One"), self._create_customer("Other")
        self._invoice(500, partner_id=one.id)
        self._invoice(300, partner_id=other.id)
        self._commit()
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge((one | other).ids, other)
        self.assertStored(other, open_amount=800)

    def test_contact_merged_into_another_company(self):
        one, other = self._create_customer("One"), self._create_customer("Other")
        person = self.env["res.partner"].create({"name": "Buyer"})
        self._invoice(10, partner_id=one.id)
        person.write({"is_company": True, "parent_id": one.id})
        self._invoice(500, partner_id=person.id)
        person.is_company = False
        self.assertStored(one, open_amount=510)
        twin = self.env["res.partner"].create({"name": "Buyer", "parent_id": other.id})
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge((person | twin).ids, twin)
        self.assertStored(one, open_amount=10)
        self.assertStored(other, open_amount=500)

    # What tells how entries are read ---------------------------------------------------------

    def test_account_type_and_kind(self):
        account = self.receivable.copy()
        self._create_entry((account, self.partner, 100), (self.income, None, -100))
        self.assertStored(open_amount=100)
        account.non_trade = True
        self.assertStored(open_amount=0)
        account.non_trade = False
        self.assertStored(open_amount=100)

    def test_mark_of_an_account(self):
        """An invoice settled on an account for bills: paid, until Accounting says: still owed."""
        bills = self.bank_account.copy({"account_type": "asset_current", "reconcile": True})
        invoice = self._invoice(500)
        entry = self._create_entry((self.receivable, self.partner, -500), (bills, None, 500))
        self._settle(invoice, entry)
        self.assertStored(open_amount=0)
        bills.receivable_reading = "owed"
        self.assertStored(open_amount=500)
        bills.receivable_reading = False
        self.assertStored(open_amount=0)

    def test_what_is_still_owed_is_paid_several_steps_on(self):
        """The invoice is settled when the bill, and what the bill became, is."""
        bills, bank_bills = (
            self.bank_account.copy(
                {"account_type": "asset_current", "reconcile": True, "receivable_reading": "owed"}
            )
            for __ in range(2)
        )
        invoice = self._invoice(500)
        slip = self._create_entry((self.receivable, self.partner, -500), (bills, None, 500))
        self._settle(invoice, slip)
        accepted = self._create_entry((bills, None, -500), (bank_bills, None, 500))
        (slip | accepted).line_ids.filtered(lambda line: line.account_id == bills).reconcile()
        self.assertStored(open_amount=500)
        honoured = self._create_entry((bank_bills, None, -500), (self.bank_account, None, 500))
        (accepted | honoured).line_ids.filtered(
            lambda line: line.account_id == bank_bills
        ).reconcile()
        self.assertStored(open_amount=0)
        honoured.line_ids.remove_move_reconcile()
        self.assertStored(open_amount=500)

    def test_accounts_of_the_company(self):
        """They tell what an exchange difference, a discount, or the point of sale's money is."""
        marks = [("reader", "=", "crm.customer.health"), ("res_id", "=", 0)]
        changes = self.env["account.receivable.change"].sudo()
        self.company.name = "Another Name"
        self._flush()
        self.assertFalse(changes.search(marks))
        self.company.account_journal_early_pay_discount_loss_account_id = self.expense
        self._flush()
        self.assertEqual(changes.search(marks).company_id, self.company.id)

    def test_accounts_merged(self):
        kept = self.receivable.copy({"non_trade": True})
        merged = self.receivable.copy()
        self._create_entry((merged, self.partner, 100), (self.income, None, -100))
        self.assertStored(open_amount=100)
        self.env["account.merge.wizard"]._action_merge(kept | merged)
        self.assertStored(open_amount=0)

    def test_time_zone_of_the_company(self):
        marks = [("reader", "=", "crm.customer.health"), ("res_id", "=", 0)]
        changes = self.env["account.receivable.change"].sudo()
        self.partner.tz = "Pacific/Auckland"
        self._flush()
        self.assertFalse(changes.search(marks), "A customer's time zone changes nothing")
        self.company.partner_id.tz = "Pacific/Auckland"
        self._flush()
        self.assertEqual(changes.search(marks).company_id, self.company.id)
