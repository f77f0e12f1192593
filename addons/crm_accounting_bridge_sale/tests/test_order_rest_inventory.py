from unittest import SkipTest

from freezegun import freeze_time

from odoo.tests import tagged

from .common import BridgeSaleCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderRestInventory(BridgeSaleCommon):
    """Where Inventory delivers: real deliveries and returns. Skipped where it is not installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env["crm.lead"]._has_inventory():
            raise SkipTest("Odoo's sale_stock is not installed")
        cls.goods_delivered, cls.goods_ordered = cls.env["product.product"].create(
            [
                {
                    "name": f"Chair, invoiced by {policy}",
                    "type": "consu",
                    "invoice_policy": policy,
                    "uom_id": cls.env.ref("uom.product_uom_unit").id,
                    "taxes_id": False,
                }
                for policy in ("delivery", "order")
            ]
        )

    def _deliver(self, order, quantity, is_last=False):
        """Deliver so many; the rest waits for another delivery unless this is the last one."""
        picking = order.picking_ids.sudo().filtered(lambda picking: picking.state == "assigned")
        picking.move_ids.quantity = quantity
        picking.move_ids.picked = True
        context = {"picking_ids_not_to_backorder": picking.ids} if is_last else {}
        picking.with_context(skip_backorder=True, **context).button_validate()
        self.assertEqual(picking.state, "done")
        return picking

    def _return(self, picking, quantity, **values):
        """Have so many come back, or go out again if it was a return."""
        wizard = (
            self.env["stock.return.picking"]
            .sudo()
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({})
        )
        wizard.product_return_moves.write({"quantity": quantity, **values})
        back = self.env["stock.picking"].sudo().browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(back.state, "done")
        return back

    def _assert_rest(self, deal, expected):
        self._flush()
        self.assertEqual(deal._get_order_status()[deal.id][1], expected)

    def _deliver_and_invoice(self, product, quantity=10):
        deal = self._create_deal()
        order = self._create_order(deal, [(quantity, 100.0, product)])
        delivery = self._deliver(order, quantity)
        invoice = self._invoice(order)
        self._assert_rest(deal, False)
        return deal, order, delivery, invoice

    def test_delivered_again(self):
        for product in self.goods_delivered | self.goods_ordered:
            with self.subTest(policy=product.invoice_policy):
                deal, order, delivery, invoice = self._deliver_and_invoice(product)
                self._pay(invoice)
                back = self._return(delivery, 2)
                self.assertEqual(order.order_line.qty_delivered, 8.0)
                self._assert_rest(deal, False)
                self._pay(self._credit(invoice, quantity=2))
                self._assert_status(deal, "paid")
                self._return(back, 2)
                self.assertEqual(order.order_line.qty_delivered, 10.0)
                self._assert_status(deal, "partially_invoiced")
                self._pay(self._invoice(order))
                self._assert_status(deal, "paid")

    def test_credited_without_coming_back(self):
        """Two were broken, and nobody wants them back: a lower price, although Odoo offers to
        invoice them again.
        """
        for product in self.goods_delivered | self.goods_ordered:
            with self.subTest(policy=product.invoice_policy):
                deal, order, delivery, invoice = self._deliver_and_invoice(product)
                self._credit(invoice, quantity=2)
                self.assertEqual(order.order_line.invoice_status, "to invoice")
                self._assert_rest(deal, False)
                # One more comes back, is credited, and is replaced.
                back = self._return(delivery, 1)
                self._credit(invoice, quantity=1)
                self._assert_rest(deal, False)
                self._return(back, 1)
                self._assert_rest(deal, True)

    def test_came_back_without_changing_the_order(self):
        """Returned for repair: what Odoo counts as delivered stays."""
        deal, order, delivery, invoice = self._deliver_and_invoice(self.goods_delivered)
        back = self._return(delivery, 2, to_refund=False)
        self.assertEqual(order.order_line.qty_delivered, 10.0)
        self._credit(invoice, quantity=1)  # for the trouble
        self._return(back, 2, to_refund=False)
        self._assert_rest(deal, False)

    def test_closed_short(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.goods_delivered)])
        delivery = self._deliver(order, 4)
        self._invoice(order)
        self._assert_rest(deal, True)
        order.picking_ids.sudo().filtered(lambda picking: picking != delivery).action_cancel()
        self.assertEqual(order.order_line.invoice_status, "invoiced")
        self._assert_rest(deal, False)
        back = self._return(delivery, 1)
        self._assert_rest(deal, False)
        self._invoice(order)  # the credit note
        self._assert_rest(deal, False)
        self._return(back, 1)
        self._assert_rest(deal, True)

    def test_draft_of_what_was_closed_short(self):
        deal = self._create_deal()
        order = self._create_order(deal, [(10, 100.0, self.goods_delivered)])
        self._deliver(order, 4, is_last=True)
        draft = self._invoice(order, post=False)
        self.assertEqual(order.order_line.invoice_status, "invoiced")
        self._assert_rest(deal, True)
        draft.action_post()
        self._assert_rest(deal, False)

    def test_unit_of_measure(self):
        """A dozen ordered, four pieces returned, credited and delivered again."""
        deal = self._create_deal()
        order = self._create_order(deal, confirm=False, lines=[(1, 1200.0, self.goods_delivered)])
        order.order_line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        order.order_line.price_unit = 1200.0
        order.action_confirm()
        delivery = self._deliver(order, order.picking_ids.move_ids.product_uom_qty)
        self.assertEqual(order.order_line.qty_delivered, 1.0)
        invoice = self._invoice(order)
        self._assert_rest(deal, False)
        quantity = delivery.move_ids.quantity / 3
        back = self._return(delivery, quantity)
        self._credit(invoice, quantity=1 / 3)
        self._assert_rest(deal, False)
        self._return(back, quantity)
        self._assert_rest(deal, True)
