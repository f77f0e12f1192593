import logging
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.account_receivable_settlement.models import account_receivable_change

from ..models import crm_commission_event
from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCommissionEvents(CommissionCommon):
    """Commission follows the money: each event books what is due now less what was booked."""

    def test_part_payment_rest_bounced(self):
        """10 % of 1,000: 400 paid, the rest paid, the rest bounced."""
        invoice = self._create_sale(1000.0)
        self.assertEarned()
        self.assertEqual(self._get_sums("open"), {"sam-seller": 100.0})
        self._pay(invoice, 400.0)
        self.assertEarned(sam=40.0)
        rest = self._pay(invoice, 600.0, date="2024-02-20")
        self.assertEarned(sam=100.0)
        self.assertEqual(self._get_sums("open"), {})
        rest.move_id.line_ids.remove_move_reconcile()
        self.assertEarned(sam=40.0)
        events = self.env["crm.commission.event"].search([("kind", "=", "earned")], order="id")
        self.assertEqual(events.mapped("amount"), [40.0, 60.0, -60.0])
        self.assertEqual(events.mapped("is_correction"), [False, False, True])

    def test_credit_note_and_payment(self):
        """Invoice of 1,000, credit note of 500 matched, 500 paid."""
        for deal in (self.env["crm.lead"], self._create_deal(user_id=self.sam.id)):
            with self.subTest(deal=bool(deal)):
                before = self._get_sums().get("sam-seller", 0.0)
                line = {"opportunity_id": deal.id}
                invoice = self._create_sale(1000.0, line=line)
                credit = self._create_sale(500.0, move_type="out_refund", line=line)
                self._settle(invoice, credit)
                self._pay(invoice, 500.0)
                self.assertAlmostEqual(self._get_sums()["sam-seller"] - before, 50.0)
                self.assertEqual(self._get_sums("open"), {})

    def test_credit_note_of_an_accountant(self):
        """Whoever writes a credit note, it takes off what the invoice's salesperson earns."""
        invoice = self._create_sale(1000.0)
        credit = self._create_document(
            [{"price_unit": 500.0}], move_type="out_refund", invoice_user_id=self.env.uid
        )
        self._settle(invoice, credit)
        self._pay(invoice, 500.0)
        self.assertEarned(sam=50.0)

    def test_credit_note_paid_back(self):
        invoice = self._create_sale(1000.0)
        self._pay(invoice)
        self.assertEarned(sam=100.0)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": "2024-02-01"})
        )
        credit = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        credit.action_post()
        self._pay(credit, date="2024-02-02")
        self.assertEarned()

    def test_write_off_is_lost(self):
        invoice = self._create_sale(1000.0)
        self._pay(
            invoice,
            900.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.assertEarned(sam=90.0)
        self.assertEqual(self._get_sums("lost"), {"sam-seller": 10.0})

    def test_early_discount_by_setting(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % in 30 days",
                "early_discount": True,
                "discount_days": 30,
                "discount_percentage": 2,
                "early_pay_discount_computation": "included",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self._create_sale(1000.0, invoice_payment_term_id=term.id)
        self._pay(invoice, date="2024-01-12")
        self.assertEarned(sam=98.0)
        self.assertEqual(self._get_sums("lost"), {"sam-seller": 2.0})
        self.company.commission_counts_discount = True
        self.assertEarned(sam=100.0)
        self.assertEqual(self._get_sums("lost"), {})

    def test_final_invoice_of_nothing(self):
        """After a down payment of all, the final invoice is 0: paid when it is posted."""
        product = self.env["product.product"].create({"name": "Machine"})
        self.plan = self._create_plan(self.sam, product_ids=[Command.set(product.ids)])
        self._create_document(
            [
                {"price_unit": 1000.0, "product_id": product.id},
                {"price_unit": -1000.0, "name": "Down payment"},
            ],
            invoice_user_id=self.sam.id,
        )
        self.assertEqual(self._get_sums(plan_id=self.plan.id), {"sam-seller": 100.0})

    def test_deal_belongs_to_its_salesperson(self):
        """Whoever wrote the invoice; a deal without a salesperson is the invoice's."""
        deal = self._create_deal(user_id=self.sam.id)
        nobodys = self._create_deal(user_id=False)
        invoice = self._create_deal_invoice(
            [(1000.0, deal), (500.0, nobodys), (300.0, None)], invoice_user_id=self.ann.id
        )
        self._create_plan(self.ann)
        self._pay(invoice)
        self.assertEarned(sam=100.0, ann=80.0)
        deal.user_id = self.ann
        self.assertEarned(ann=180.0)
        invoice.invoice_user_id = self.sam
        self.assertEarned(sam=80.0, ann=100.0)

    def test_split(self):
        plan = self._create_plan(
            approve=False,
            assignments=[
                {"user_id": self.sam.id, "share": 70.0},
                {
                    "user_id": self.ann.id,
                    "share": 30.0,
                    "sales_of": "user",
                    "salesperson_id": self.sam.id,
                },
            ],
            rate=5.0,
        )
        plan.action_approve()
        deal = self._create_deal(user_id=self.sam.id)
        self._pay(self._create_deal_invoice([(1000.0, deal)]))
        self.assertEarned(sam=135.0, ann=15.0)
        # One deal is agreed on otherwise, afterwards.
        self.env["crm.commission.assignment"].create(
            [
                {
                    "plan_id": plan.id,
                    "user_id": user.id,
                    "share": 50.0,
                    "sales_of": "deal",
                    "lead_id": deal.id,
                }
                for user in (self.sam, self.ann)
            ]
        )
        self.assertEarned(sam=125.0, ann=25.0)

    def test_team(self):
        team = self.env["crm.team"].create({"name": "North", "company_id": self.company.id})
        self._create_plan(
            assignments=[{"user_id": self.ann.id, "sales_of": "team", "team_id": team.id}],
            rate=1.0,
        )
        self._pay(self._create_sale(1000.0))
        self.assertEarned(sam=100.0)
        self.env["crm.team.member"].create({"crm_team_id": team.id, "user_id": self.sam.id})
        self.assertEarned(sam=100.0, ann=10.0)

    def test_filter_of_products_and_customers(self):
        category = self.env["product.category"].create({"name": "Machines"})
        below = self.env["product.category"].create({"name": "Big", "parent_id": category.id})
        product = self.env["product.product"].create({"name": "Press", "categ_id": below.id})
        plan = self._create_plan(
            self.sam,
            product_category_ids=[Command.set(category.ids)],
            partner_ids=[Command.set(self.partner.ids)],
        )
        other = self.env["res.partner"].create({"name": "Other"})
        for partner in (self.partner, other):
            invoice = self._create_document(
                [{"price_unit": 600.0, "product_id": product.id}, {"price_unit": 400.0}],
                invoice_user_id=self.sam.id,
                partner_id=partner.id,
            )
            self._pay(invoice, 500.0)
        self.assertEqual(self._get_sums(plan_id=plan.id), {"sam-seller": 30.0})
        self.assertEqual(self._get_sums("open", plan_id=plan.id), {"sam-seller": 30.0})

    def test_taxes_earn_nothing(self):
        tax = self.env["account.tax"].create({"name": "22 %", "amount": 22.0})
        invoice = self._create_sale(1000.0, taxes=tax)
        self._pay(invoice, 610.0)
        self.assertEarned(sam=50.0)

    def test_measure_invoiced(self):
        self._create_plan(self.ann, measure="invoiced")
        invoice = self._create_sale(1000.0, user=self.ann)
        self.assertEarned(ann=100.0)
        self._create_sale(200.0, user=self.ann, move_type="out_refund")
        self.assertEarned(ann=80.0)
        invoice.button_draft()
        self.assertEarned(ann=-20.0)

    def test_wait_for_the_bank(self):
        self.company.commission_waits_for_bank = True
        journal = self.company_data["default_journal_bank"]
        outstanding = self.company_data["default_account_assets"].copy({"reconcile": True})
        journal.inbound_payment_method_line_ids.payment_account_id = outstanding
        payment = self._pay(self._create_sale(1000.0))
        self.assertEarned()
        self.assertEqual(self._get_sums("open"), {"sam-seller": 100.0})
        line = self.env["account.bank.statement.line"].create(
            {"journal_id": journal.id, "date": "2024-01-22", "amount": 1000.0, "payment_ref": "x"}
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = outstanding
        (
            suspense | payment.move_id.line_ids.filtered(lambda row: row.account_id == outstanding)
        ).reconcile()
        self.assertTrue(payment.is_matched)
        self.assertEarned(sam=100.0)

    def test_exchange_difference_waits_with_its_payment(self):
        """1,000 EUR are 500 when invoiced, and 400 when they are paid: 100 of difference."""
        self.company.commission_waits_for_bank = True
        euro = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0), ("2024-01-15", 2.5)])
        journal = self.company_data["default_journal_bank"]
        outstanding = self.company_data["default_account_assets"].copy({"reconcile": True})
        journal.inbound_payment_method_line_ids.payment_account_id = outstanding
        self.assertFalse(self._pay(self._create_sale(1000.0, currency_id=euro.id)).is_matched)
        self.assertEarned()
        self.assertEqual(self._get_sums("open"), {"sam-seller": 50.0})
        self.company.commission_waits_for_bank = False
        self.assertEarned(sam=50.0)

    def test_credit_note_with_other_taxes(self):
        """1,220 with 220 of taxes, credited by 1,220 without: nothing is due, nothing stays open,
        and the sale was 220 less than nothing.
        """
        tax = self.env["account.tax"].create({"name": "22 %", "amount": 22.0})
        for deal in (self.env["crm.lead"], self._create_deal(user_id=self.sam.id)):
            with self.subTest(deal=bool(deal)):
                before = self._get_sums().get("sam-seller", 0.0)
                line = {"opportunity_id": deal.id}
                invoice = self._create_sale(1000.0, taxes=tax, line=line)
                credit = self._create_sale(1220.0, move_type="out_refund", line=line)
                self._settle(invoice, credit)
                self.assertAlmostEqual(self._get_sums().get("sam-seller", 0.0) - before, -22.0)
                self.assertEqual(self._get_sums("open"), {})

    def test_deleted_document(self):
        invoice = self._create_sale(1000.0)
        self._pay(invoice)
        self.assertEarned(sam=100.0)
        invoice.button_draft()
        self.assertEarned()
        invoice.with_context(force_delete=True).unlink()
        self.assertEarned()

    def test_credit_note_of_a_deleted_invoice(self):
        """It counted for the invoice's salesperson; now for its own."""
        self._create_plan(self.ann)
        invoice = self._create_sale(1000.0)
        self._pay(invoice)
        credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        credit.invoice_user_id = self.ann
        credit.action_post()
        self._pay(credit)
        self.assertEarned()
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.assertEarned(ann=-100.0)

    def test_one_of_many_fails(self):
        """The others are booked, and what fails is noted."""
        events = self.env["crm.commission.event"]
        self._follow()
        bad, good = self._create_sale(1000.0), self._create_sale(500.0)
        self.env.flush_all()
        book = type(events)._book

        def fail(records, document_ids):
            if bad.id in document_ids:
                raise ValueError
            return book(records, document_ids)

        position = 0
        with (
            patch.object(type(events), "_book", fail),
            patch.object(crm_commission_event, "_SMALL_PART_SIZE", 1),
            self.assertLogs(crm_commission_event.__name__, logging.INFO),
            self.assertLogs(account_receivable_change.__name__, logging.INFO),
        ):
            while position is not None:
                position = events._on_all_receivables_changed(self.company.id, position)
        self.assertEqual(events.search([]).mapped("move_key"), good.ids)
        failed = self.env["account.receivable.change"].sudo().search([("failure", "!=", False)])
        self.assertEqual(failed.mapped("res_id"), bad.ids)

    def test_rerun_changes_nothing(self):
        self._pay(self._create_sale(1000.0), 333.33)
        self._follow()
        count = self.env["crm.commission.event"].search_count([])
        self.env["crm.commission.event"]._collect_everything(self.company)
        self._follow()
        self.assertEqual(self.env["crm.commission.event"].search_count([]), count)
