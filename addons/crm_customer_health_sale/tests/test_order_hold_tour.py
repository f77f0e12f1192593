from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
class TestOrderHoldTour(OrderHoldCommon, HttpCase):
    """In a browser: the salesperson is stopped, the sales manager decides."""

    def test_order_is_blocked_and_overridden(self):
        order = self._quote()
        url = f"/odoo/sales/{order.id}"
        with mute_logger("odoo.http"):  # the refusal
            self.start_tour(url, "crm_customer_health_sale_blocked_tour", login=self.seller.login)
        order.invalidate_recordset()
        self.assertEqual(order.state, "draft")
        self.start_tour(url, "crm_customer_health_sale_override_tour", login="oh-manager")
        order.invalidate_recordset()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.sudo().hold_override_id.reason, "The transfer is confirmed.")
