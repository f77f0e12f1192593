from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import DeliveryHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryWaiting(DeliveryHoldCommon):
    """Deliveries that are held wait in the list of who decides, until they may go."""

    def _get_waiting(self, user=None):
        waiting = self.env["crm.customer.hold.waiting"].with_user(user or self.stock_manager)
        return waiting.search([("res_model", "=", "stock.picking")])

    def test_waits_until_it_is_approved(self):
        delivery, transfer = self._deliver(), self._send(self.late)
        self._deliver(self.prompt)
        self._flush()
        rows = self._get_waiting()
        self.assertEqual(set(rows.mapped("res_id")), set((delivery | transfer).ids))
        self.assertEqual(rows.partner_id, self.late)
        self.assertIn("overdue for too long", rows[0].hold_reason)
        with self.assertRaises(AccessError):
            rows.read(["overdue_amount"])
        row = rows.filtered(lambda row: row.res_id == delivery.id)
        self._call(self.stock_manager, row, "action_approve")
        self._flush()
        self.assertEqual(self._get_waiting().mapped("res_id"), transfer.ids)
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")

    def test_rejected_stays_held(self):
        delivery = self._deliver()
        self._flush()
        self._call(self.stock_manager, self._get_waiting(), "action_reject")
        self.assertTrue(delivery.is_hold_rejected)
        self.assertTrue(self._get_waiting().is_rejected)
        self.assertEqual(delivery.hold_status, "held")

    def test_the_warehouse_decides_about_deliveries_only(self):
        order = self._order()
        draft = order.copy()
        draft.action_quotation_sent()
        self.policy.order_hold = "block"
        self._flush()
        everything = self.env["crm.customer.hold.waiting"]
        self.assertEqual(
            set(everything.with_user(self.stock_manager).search([]).mapped("res_model")),
            {"stock.picking"},
        )
        with self.assertRaises(AccessError):
            everything.with_user(self.picker).search([])
