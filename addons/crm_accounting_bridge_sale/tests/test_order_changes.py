from freezegun import freeze_time

from odoo import Command
from odoo.tests import Form, tagged

from .common import BridgeSaleCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderChanges(BridgeSaleCommon):
    """What is changed on orders is told to their deals, which follow within seconds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal()
        cls.other = cls._create_deal("Other")
        cls._follow_accounting()

    def _get_waiting(self):
        self.env.cr.flush()
        self.env.invalidate_all()
        rows = self.env["account.receivable.change"].sudo().search([("reader", "=", "crm.lead")])
        return self.env["crm.lead"].browse(set(rows.mapped("res_id"))).sorted("id")

    def _get_row_version(self):
        self.env.cr.execute("SELECT ctid FROM crm_lead WHERE id = %s", [self.deal.id])
        return self.env.cr.fetchall()

    def test_orders_write_nothing_on_their_deals(self):
        """But what Odoo writes: confirming an order raises the expected revenue."""
        order = self._create_order(self.deal)
        self.assertEqual(self._get_waiting(), self.deal)
        before = self._get_row_version()
        self._invoice(order)
        order.order_line.product_uom_qty = 12
        self.env.cr.flush()
        self.assertEqual(self._get_row_version(), before)
        self._assert_status(self.deal, "partially_invoiced")

    def test_every_change_of_an_order(self):
        order = self._create_order(self.deal, confirm=False)
        self._assert_status(self.deal, "none")
        for status, change in (
            ("quoted", order.action_quotation_sent),
            ("ordered", order.action_confirm),
            ("none", order._action_cancel),
            ("none", order.action_draft),
            ("ordered", order.action_confirm),
        ):
            with self.subTest(status):
                change()
                self.assertEqual(self._get_waiting(), self.deal)
                self._assert_status(self.deal, status)
        self._invoice(order)
        for status, change in (
            ("partially_invoiced", {"product_uom_qty": 11}),
            ("invoiced", {"product_uom_qty": 10}),
            ("partially_invoiced", {"product_uom_qty": 20}),
            ("invoiced", {"product_uom_qty": 10, "discount": 50}),
        ):
            with self.subTest(status, **change):
                order.order_line.write(change)
                self.assertEqual(self._get_waiting(), self.deal)
                self._assert_status(self.deal, status)
        order.order_line = [
            Command.create(self._prepare_order_line(1, 5.0, self.product_delivered))
        ]
        self._assert_status(self.deal, "partially_invoiced")
        order.order_line[1].qty_delivered = 1
        self.assertEqual(self._get_waiting(), self.deal)
        self._assert_status(self.deal, "partially_invoiced")

    def test_an_order_is_given_to_another_deal_and_deleted(self):
        order = self._create_order(self.deal)
        self._flush()
        order.opportunity_id = self.other
        self.assertEqual(self._get_waiting(), self.deal | self.other)
        self._assert_status(self.deal, "none")
        self._assert_status(self.other, "ordered")
        order._action_cancel()
        self._flush()
        order.action_draft()
        order.action_quotation_sent()
        self._assert_status(self.other, "quoted")
        order._action_cancel()
        order.unlink()
        self.assertEqual(self._get_waiting(), self.other)
        self._assert_status(self.other, "none")

    def test_orders_of_no_deal_tell_nobody(self):
        order = self._create_order(None)
        self._invoice(order)
        order.order_line.product_uom_qty = 12
        self.assertFalse(self._get_waiting())

    def test_a_form_that_is_being_filled_in_tells_nobody(self):
        order = self._create_order(self.deal)
        self._flush()
        with Form(order) as form:
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 12
            self.assertFalse(self._get_waiting())
        self.assertEqual(self._get_waiting(), self.deal)

    def test_finance_gave_the_order_s_invoice_to_another_deal(self):
        """What is left to invoice of the order changes although its deal is not on the invoice."""
        order = self._create_order(
            self.deal, [(10, 100.0, self.product_delivered), (1, 50.0, self.product_delivered)]
        )
        order.order_line[0].qty_delivered = 10
        self._invoice(order)
        self._assert_status(self.deal, "partially_invoiced")
        order.order_line[1].qty_delivered = 1
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.opportunity_id = self.other
        self._assert_status(self.deal, "partially_invoiced")
        invoice.action_post()
        self.assertEqual(self._get_waiting(), self.deal | self.other)
        self._assert_status(self.deal, "invoiced")
        self.assertFigures(self.other, invoiced_total=50.0, due_total=50.0)

    def test_an_invoice_is_reversed_by_a_credit_note_that_names_no_order(self):
        order = self._create_order(self.deal)
        invoice = self._invoice(order)
        self._assert_status(self.deal, "invoiced")
        refund = self._create_document(
            [{"price_unit": 1000.0}], move_type="out_refund", reversed_entry_id=invoice.id
        )
        refund.invoice_line_ids.opportunity_id = False
        self.assertFalse(refund.invoice_line_ids.sale_line_ids)
        refund.line_ids.remove_move_reconcile()
        self._assert_status(self.deal, "partially_invoiced")
        # Matched with nothing, of no deal and of no order: it only names the invoice.
        refund.button_draft()
        self.assertEqual(self._get_waiting(), self.deal)
        self._assert_status(self.deal, "invoiced")
        refund.action_post()
        self._assert_status(self.deal, "credited")
