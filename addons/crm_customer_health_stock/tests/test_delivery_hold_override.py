from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_customer_hold.tests.hold_common import HoldOverrides

from .common import DeliveryHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHoldOverride(HoldOverrides, DeliveryHoldCommon):
    """An override is for one delivery as it is, and for what is owed at that time."""

    def _create_held(self):
        return self._deliver()

    def _grow(self, delivery):
        """The order grows, and the delivery with it."""
        delivery.sale_id.with_user(self.seller).order_line.product_uom_qty = 15

    def _shrink(self, delivery):
        delivery.move_ids.product_uom_qty = 8

    def test_quantities_of_all_products(self):
        delivery = self._deliver()
        self._override(delivery)
        self.assertEqual(delivery.sudo().hold_override_id.extent, 10.0)
        move = delivery.move_ids
        other_product = self.env["product.product"].create({"name": "Hose", "type": "consu"})
        delivery.with_user(self.picker).move_ids = [
            Command.create(
                {
                    "product_id": other_product.id,
                    "product_uom_qty": 1,
                    "location_id": move.location_id.id,
                    "location_dest_id": move.location_dest_id.id,
                }
            )
        ]
        self.assertHeld(delivery, "held")
        (delivery.move_ids - move)._action_cancel()
        self.assertHeld(delivery, "overridden")

    def test_more_is_picked_than_demanded(self):
        delivery = self._deliver()
        delivery.do_unreserve()
        self._override(delivery)
        delivery.action_assign()
        self.assertHeld(delivery, "overridden")
        delivery.move_ids.with_user(self.picker).quantity = 50
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)

    def test_done_deliveries_tell_it_for_good(self):
        delivery = self._deliver()
        self._override(delivery)
        self._validate(delivery)
        self._owe(500.0)
        self._flush()
        self.assertEqual(delivery.state, "done")
        self.assertTrue(delivery.hold_override_note)
        self.assertFalse(delivery.hold_status)
