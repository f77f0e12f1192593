from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_customer_hold.tests.hold_common import HoldOverrides

from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldOverride(HoldOverrides, OrderHoldCommon):
    """An override is for one order as it is, and for what is owed at that time."""

    def _create_held(self):
        return self._quote()

    def _grow(self, order):
        order.order_line.product_uom_qty = 100

    def _shrink(self, order):
        order.order_line.price_unit = 10.0

    def test_order_that_grew_is_refused(self):
        order = self._quote()
        self._override(order)
        self.assertEqual(order.sudo().hold_override_id.extent, 50.0)
        order.with_user(self.seller).order_line = [Command.create({"product_id": self.product.id})]
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._confirm(order, self.seller)

    def test_another_currency_is_no_way_around(self):
        order = self._quote()
        self._override(order)
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 0.01)])
        order.currency_id = currency
        self.assertHeld(order, "held")

    def test_order_that_was_reopened(self):
        order = self._quote()
        self._override(order)
        self._confirm(order, self.seller)
        order.with_user(self.seller)._action_cancel()
        order.with_user(self.seller).action_draft()
        self.assertHeld(order, "overridden")
        self._grow(order)
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._confirm(order, self.seller)
