from odoo.tests import HttpCase, tagged

from .common import DeliveryHoldCommon


@tagged("post_install", "-at_install")
class TestDeliveryHoldTour(DeliveryHoldCommon, HttpCase):
    """In a browser: the delivery is held, the accountant registers the payment, it goes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls._create_user("dh-accountant", "account.group_account_invoice")

    def test_delivery_is_held_until_it_is_paid(self):
        delivery = self._deliver()
        url = f"/odoo/deliveries/{delivery.id}"
        with self.assertLogs("odoo.http", "WARNING") as refusals:
            self.start_tour(url, "crm_customer_health_stock_held_tour", login="dh-picker")
        self.assertIn("The customer is on hold", refusals.output[0])
        delivery.invalidate_recordset()
        self.assertEqual(delivery.state, "assigned")
        self.start_tour(
            f"/odoo/customer-invoices/{self.claim.id}",
            "crm_customer_health_stock_payment_tour",
            login="dh-accountant",
        )
        self.assertIn(self.claim.payment_state, ("paid", "in_payment"))
        self._work_off_queue()
        self.start_tour(url, "crm_customer_health_stock_released_tour", login="dh-picker")
        delivery.invalidate_recordset()
        self.assertEqual(delivery.state, "done")
        self.assertFalse(delivery.sudo().hold_override_id)

    def test_inventory_manager_overrides(self):
        delivery = self._deliver()
        self.start_tour(
            f"/odoo/deliveries/{delivery.id}",
            "crm_customer_health_stock_override_tour",
            login="dh-stock-manager",
        )
        delivery.invalidate_recordset()
        self.assertEqual(delivery.state, "done")
        self.assertEqual(delivery.sudo().hold_override_id.reason, "The transfer is confirmed.")

    def test_held_deliveries_are_found(self):
        self._deliver()
        self._deliver(self.prompt)
        self.start_tour(
            "/odoo/inventory", "crm_customer_health_stock_overview_tour", login="dh-picker"
        )
