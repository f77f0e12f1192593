from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldPayer(OrderHoldCommon):
    """Confirmed for one who pays, an order is not invoiced to one who does not."""

    def _confirmed(self):
        order = self._quote(self.prompt)
        self._confirm(order, self.seller)
        self._flush()
        return order

    def test_payer_on_hold_is_refused(self):
        order = self._confirmed()
        contact = self.env["res.partner"].create({"name": "Lara", "parent_id": self.late.id})
        for values in (
            {"partner_invoice_id": self.late.id},
            {"partner_invoice_id": contact.id},
            {"partner_id": self.late.id},
        ):
            with self.subTest(str(values)):
                with self.assertRaises(UserError) as refusal, self.env.cr.savepoint():
                    self._call(self.seller, order, "write", values)
                self.assertIn("Late Ltd owes", str(refusal.exception))
                self.assertIn("may be overridden by: ", str(refusal.exception))

    def test_who_may_change_it(self):
        order = self._confirmed()
        order.with_user(self.manager).partner_invoice_id = self.late
        self.assertEqual(order.partner_invoice_id, self.late)
        order.with_user(self.seller).partner_invoice_id = self.prompt
        order.with_user(self.seller).sudo().partner_invoice_id = self.late
        order.with_user(self.seller).partner_id = self.prompt
        contact = self.env["res.partner"].create({"name": "Lara", "parent_id": self.late.id})
        order.with_user(self.manager).partner_invoice_id = self.late
        order.with_user(self.seller).partner_invoice_id = contact

    def test_where_nothing_blocks(self):
        self._quote(self.prompt).with_user(self.seller).partner_invoice_id = self.late
        order = self._confirmed()
        self.policy.order_hold = "warn"
        order.with_user(self.seller).partner_invoice_id = self.late
        self.assertEqual(order.partner_invoice_id, self.late)

    def test_change_is_logged(self):
        order = self._confirmed().with_context(tracking_disable=False, mail_notrack=False)
        other = self._create_customer("Other Ltd")
        order.with_user(self.seller).partner_invoice_id = other
        self._flush()
        value = order.message_ids.sudo().tracking_value_ids.filtered(
            lambda value: value.field_id.name == "partner_invoice_id"
        )
        self.assertRecordValues(
            value, [{"old_value_char": "Prompt Ltd", "new_value_char": "Other Ltd"}]
        )
