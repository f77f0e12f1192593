from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import DeliveryHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHoldFlow(DeliveryHoldCommon):
    """Partial deliveries, returns, receipts, the steps of a warehouse, several at once."""

    def _deliver_partially(self, delivery, quantity):
        """Validate a part of it and have the rest follow, as in the wizard; the backorder."""
        delivery.move_ids.quantity = quantity
        delivery.move_ids.picked = True
        action = self._validate(delivery)
        self.assertEqual(action["res_model"], "stock.backorder.confirmation")
        Form.from_action(self.env(user=self.picker), action).save().process()
        self.assertEqual(delivery.state, "done")
        return delivery.backorder_ids

    def test_partial_delivery_is_refused_before_the_wizard(self):
        delivery = self._deliver()
        delivery.move_ids.quantity = 4
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)
        self.assertFalse(delivery.backorder_ids)

    def test_hold_that_comes_while_a_wizard_is_open(self):
        delivery = self._deliver(self.prompt)
        delivery.move_ids.write({"quantity": 4, "picked": True})
        action = self._validate(delivery)
        wizard = Form.from_action(self.env(user=self.picker), action).save()
        self._invoice(500.0, partner_id=self.prompt.id)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            wizard.process()

    def test_backorder_is_held_again(self):
        delivery = self._deliver()
        self._override(delivery)
        backorder = self._deliver_partially(delivery, 4)
        self._flush()
        self.assertEqual(backorder.sale_id, delivery.sale_id)
        self.assertEqual(backorder.move_ids.product_uom_qty, 6)
        self.assertTrue(delivery.sudo().hold_override_id)
        self.assertFalse(backorder.sudo().hold_override_id, "it was for what has gone")
        self.assertTrue(backorder.is_held)
        self.assertIn(backorder, self._search_held())
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(backorder)
        self._override(backorder)
        self._validate(backorder)
        self.assertEqual(backorder.state, "done")

    def test_split_and_copy_are_held(self):
        delivery = self._deliver()
        self._override(delivery)
        self.assertFalse(delivery.copy().sudo().hold_override_id)
        delivery.move_ids.quantity = 4
        delivery.with_user(self.picker).action_split_transfer()
        self._flush()
        self.assertFalse(delivery.backorder_ids.sudo().hold_override_id)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery.backorder_ids)

    def _return(self, delivery):
        """Take it back, as the warehouse does it."""
        form = Form(
            self.env["stock.return.picking"]
            .with_user(self.picker)
            .with_context(active_id=delivery.id, active_model="stock.picking")
        )
        wizard = form.save()
        wizard.product_return_moves.quantity = 2
        return self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])

    def test_return_is_received(self):
        delivery = self._deliver()
        self._override(delivery)
        self._validate(delivery)
        returned = self._return(delivery)
        self.assertEqual(returned.picking_type_code, "incoming")
        self.assertEqual(returned.sale_id, delivery.sale_id)
        self.assertFalse(returned.is_held)
        self.assertFalse(returned.hold_reason)
        self.assertFalse(returned.sudo().hold_override_id)
        self.assertNotIn(returned, self._search_held())
        self._validate(returned)
        self.assertEqual(returned.state, "done")

    def test_sending_again_what_was_returned_is_held(self):
        delivery = self._deliver()
        self._override(delivery)
        self._validate(delivery)
        returned = self._return(delivery)
        self._validate(returned)
        again = self._return(returned)
        self.assertEqual(again.picking_type_code, "outgoing")
        self.assertTrue(again.is_held)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(again)

    def test_only_deliveries_to_customers(self):
        stock = self.warehouse.lot_stock_id
        suppliers = self.env.ref("stock.stock_location_suppliers")
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": stock.id})
        for text, picking_type, source, destination in (
            ("receipt", self.warehouse.in_type_id, suppliers, stock),
            ("internal", self.warehouse.int_type_id, stock, shelf),
            ("return to a supplier", self.warehouse.out_type_id, stock, suppliers),
        ):
            with self.subTest(text):
                picking = self._move(picking_type, source, destination, self.late)
                self.assertFalse(picking.is_held)
                self.assertFalse(picking.hold_reason)
                self.assertNotIn(picking, self._search_held())
                self._validate(picking)
                self.assertEqual(picking.state, "done")

    def test_only_the_last_of_three_steps(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self._order()
        types = set()
        while picking := order.picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        ):
            picking.action_assign()
            types.add(picking.picking_type_id)
            if picking.picking_type_id == self.warehouse.out_type_id:
                break
            self.assertFalse(picking.is_held)
            self._validate(picking)
            self.assertEqual(picking.state, "done")
        self.assertEqual(
            types,
            {self.warehouse.pick_type_id, self.warehouse.pack_type_id, self.warehouse.out_type_id},
        )
        self.assertTrue(picking.is_held)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(picking)

    def test_several_at_once(self):
        """All or nothing, and the refusal says which are held."""
        deliveries = self._deliver(self.prompt) | self._deliver() | self._deliver(self.prompt)
        held = deliveries[1]
        with self.assertRaises(UserError) as refusal, self.env.cr.savepoint():
            self._validate(deliveries)
        self.assertIn(f"{held.name}: The customer is on hold", str(refusal.exception))
        for delivery in deliveries - held:
            self.assertNotIn(delivery.name, str(refusal.exception))
        self._flush()
        self.assertEqual(set(deliveries.mapped("state")), {"assigned"})
        self._validate(deliveries - held)
        self.assertEqual(deliveries.mapped("state"), ["done", "assigned", "done"])

    def test_list_action_validates_no_held_delivery(self):
        """The action *Validate* of lists."""
        deliveries = self._deliver(self.prompt) | self._deliver()
        action = self.env.ref("stock.action_validate_picking").with_context(
            active_model="stock.picking", active_ids=deliveries.ids
        )
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            action.run()

    def test_batch_with_a_held_delivery_is_refused(self):
        if "stock.picking.batch" not in self.env:
            self.skipTest("stock_picking_batch is not installed")  # no addon of ours needs it
        deliveries = self._deliver(self.prompt) | self._deliver()
        batch = self.env["stock.picking.batch"].create(
            {"company_id": self.company.id, "picking_ids": [Command.set(deliveries.ids)]}
        )
        batch.action_confirm()
        deliveries.move_ids.picked = True
        with self.assertRaises(UserError) as refusal, self.env.cr.savepoint():
            batch.with_user(self.picker).action_done()
        self.assertIn(f"{deliveries[1].name}: The customer is on hold", str(refusal.exception))
        self._flush()
        self.assertEqual(set(deliveries.mapped("state")), {"assigned"}, "all or nothing")
        self._override(deliveries[1])
        batch.with_user(self.picker).action_done()
        self.assertEqual(set(deliveries.mapped("state")), {"done"})
