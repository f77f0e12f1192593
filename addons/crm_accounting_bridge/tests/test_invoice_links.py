from freezegun import freeze_time

from odoo import Command
from odoo.tests import Form, tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
class TestInvoiceLinks(BridgeCommon):
    """Which lines of an invoice belong to which deal, as people choose it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal("First")
        cls.other_deal = cls._create_deal("Second")
        cls.tax = cls.company_data["default_tax_sale"]

    def test_invoice_field_sets_all_lines_and_new_ones(self):
        invoice = self._create_deal_invoice([(10.0, None), (20.0, None)], post=False)
        invoice.opportunity_id = self.deal
        self.assertEqual(invoice.invoice_line_ids.mapped("opportunity_id"), self.deal)
        invoice.invoice_line_ids = [Command.create({"name": "More", "price_unit": 5.0})]
        self.assertEqual(invoice.invoice_line_ids[-1].opportunity_id, self.deal)
        invoice.opportunity_id = False
        self.assertFalse(invoice.invoice_line_ids.opportunity_id)

    def test_invoice_of_several_deals_names_none(self):
        invoice = self._create_deal_invoice(
            [(10.0, self.deal), (20.0, self.other_deal), (30.0, None)], post=False
        )
        self.assertFalse(invoice.opportunity_id)
        self.assertEqual(invoice.opportunity_ids, self.deal + self.other_deal)
        with Form(invoice) as form:
            form.ref = "saved with the form"
        self.assertEqual(
            [line.opportunity_id for line in invoice.invoice_line_ids],
            [self.deal, self.other_deal, self.env["crm.lead"]],
        )

    def test_form_of_a_new_invoice(self):
        Move = self.env["account.move"].with_context(default_move_type="out_invoice")
        with Form(Move) as form:
            form.partner_id = self.partner
            form.opportunity_id = self.deal
            with form.invoice_line_ids.new() as line:
                line.name = "Advice"
                line.price_unit = 100.0
        invoice = form.save()
        self.assertEqual(invoice.opportunity_id, self.deal)
        self.assertEqual(invoice.invoice_line_ids.opportunity_id, self.deal)

    def test_new_invoice_from_the_deal_leaves_tax_lines_alone(self):
        action = self._create_deal().with_env(self.env).action_view_invoices()
        self.assertIn("default_opportunity_id", action["context"])
        invoice = (
            self.env["account.move"]
            .with_context(default_opportunity_id=self.deal.id)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner.id,
                    "invoice_line_ids": [
                        Command.create({"price_unit": 100.0, "tax_ids": self.tax.ids})
                    ],
                }
            )
        )
        linked = invoice.line_ids.filtered("opportunity_id")
        self.assertEqual(linked, invoice.invoice_line_ids)
        self.assertEqual(invoice.opportunity_id, self.deal)

    def test_lost_deal_is_still_named_on_its_invoice(self):
        invoice = self._create_deal_invoice([(10.0, self.deal), (20.0, self.other_deal)])
        self.deal.action_set_lost()
        self.env.invalidate_all()
        self.assertEqual(invoice.opportunity_ids, self.deal + self.other_deal)
        self.assertEqual(invoice.opportunity_count, 2)

    def test_search_of_invoices_by_deal(self):
        invoice = self._create_deal_invoice([(10.0, self.deal), (20.0, None)])
        unlinked = self._create_deal_invoice([(30.0, None)])
        both = [("id", "in", (invoice + unlinked).ids)]
        Move = self.env["account.move"]
        self.assertEqual(Move.search([*both, ("opportunity_ids", "=", False)]), unlinked)
        self.assertEqual(Move.search([*both, ("opportunity_ids", "!=", False)]), invoice)
        self.assertEqual(Move.search([*both, ("opportunity_ids", "in", self.deal.ids)]), invoice)
        self.assertFalse(Move.search([*both, ("opportunity_ids", "in", self.other_deal.ids)]))

    def test_copy_keeps_no_deal_but_credit_note_does(self):
        invoice = self._create_deal_invoice([(10.0, self.deal), (20.0, self.other_deal)])
        self.assertFalse(invoice.copy().opportunity_ids)
        self.assertEqual(
            invoice._reverse_moves().invoice_line_ids.mapped("opportunity_id"),
            self.deal + self.other_deal,
        )

    def test_vendor_bills_belong_to_no_deal(self):
        bill = self._create_deal_invoice([(10.0, None)], move_type="in_invoice", post=False)
        bill.opportunity_id = self.deal
        self.assertFalse(bill.line_ids.opportunity_id)
        bill.action_post()
        self.assertFigures(self.deal)

    def test_merge_by_somebody_who_sees_no_invoices(self):
        invoice = self._create_deal_invoice([(10.0, self.deal), (20.0, self.other_deal)])
        deals = self.deal + self.other_deal
        salesperson = self._create_user("bridge-merger", "sales_team.group_sale_salesman")
        deals.user_id = salesperson
        self.assertFalse(deals.with_user(salesperson).invoice_ids)
        merged = deals.with_user(salesperson).merge_opportunity().with_env(self.env)
        self._flush()
        self.assertEqual(invoice.invoice_line_ids.opportunity_id, merged)
        self.assertEqual(merged.invoiced_total, 30.0)

    @freeze_time("2024-03-15 12:00:00")
    def test_invoice_that_repeats_itself_keeps_its_deals(self):
        """Each line its own, as Reverse and Create does; an order's lines are not counted again."""
        invoice = self._create_deal_invoice(
            [(10.0, self.deal), (20.0, self.other_deal), (30.0, None)],
            date="2024-02-10",
            post=False,
        )
        invoice.auto_post = "monthly"
        invoice.action_post()
        copied = self.env["account.move"].search(
            [("auto_post_origin_id", "=", invoice.id), ("id", "!=", invoice.id)]
        )
        self.assertEqual(copied.invoice_date, self._date("2024-03-10"))
        self.assertEqual(
            [(line.price_unit, line.opportunity_id) for line in copied.invoice_line_ids],
            [(10.0, self.deal), (20.0, self.other_deal), (30.0, self.env["crm.lead"])],
        )
        copied.action_post()
        self.assertFigures(self.deal, invoiced_total=20.0, due_total=20.0, overdue_total=20.0)
