from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..hooks import uninstall_hook
from .common import OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHold(OrderHoldCommon):
    """Which quotations are held, what is said, and what becomes of it."""

    def test_block(self):
        order = self._quote()
        self.assertTrue(order.is_held)
        self.assertTrue(order.is_hold_blocking)
        self.assertEqual(order.hold_status, "held")
        with self.assertRaises(UserError) as refusal:
            self._confirm(order, self.seller)
        text = str(refusal.exception)
        for part in ("Late Ltd owes", "1,000.00", "overdue since 02/09/2024 (61 days)"):
            self.assertIn(part, text)
        self.assertIn("may be overridden by: ", text)
        self.assertIn("Administrator", text)
        self.assertEqual(order.state, "draft")
        self.assertFalse(self._get_activities(order), "somebody has read it")
        with self.assertRaisesRegex(UserError, "You may override the hold"):
            self._confirm(order, self.manager)
        self._confirm(self._quote(self.prompt), self.seller)

    def test_warn(self):
        self.policy.order_hold = "warn"
        order = self._quote()
        self.assertTrue(order.is_held)
        self.assertIn("owes", order.hold_reason)
        self.assertFalse(order.is_hold_blocking)
        self._confirm(order, self.seller)
        self.assertEqual(order.state, "sale")
        order.invalidate_recordset()
        self.assertFalse(order.is_held, "it is an order")
        self.assertFalse(order.hold_reason)

    def test_off(self):
        self.policy.order_hold = "off"
        order = self._quote()
        self.assertFalse(order.is_held)
        self.assertFalse(order.hold_reason)
        self.assertFalse(order.payer_overdue_amount)
        self.assertNotIn(order, self.env["sale.order"].search([("is_held", "=", True)]))
        self._confirm(order, self.seller)
        self.assertEqual(order.state, "sale")

    def test_thresholds(self):
        """As of now, not as of last night: the claim is 61 days old."""
        order = self._quote()
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 100, "days": 62})]
        order.invalidate_recordset()
        self.assertFalse(order.hold_reason)
        self.assertEqual(order.payer_overdue_amount, 1000.0, "shown all the same")
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 100, "days": 61})]
        order.invalidate_recordset()
        self.assertTrue(order.hold_reason)
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 1001, "days": 1})]
        self._confirm(order, self.seller)
        self.assertEqual(order.state, "sale")

    def test_payment_releases_at_once(self):
        order = self._quote()
        self._pay(self.claim, date="2024-04-10")
        self._flush()
        self.assertFalse(order.hold_reason)
        self._confirm(order, self.seller)
        self.assertEqual(order.state, "sale")

    def test_policy_of_the_customer(self):
        order, other = self._quote(), self._quote(self.prompt)
        self.late.hold_policy = "never"
        self.prompt.hold_policy = "always"
        self._flush()
        self.assertFalse(order.is_held)
        self.assertTrue(other.is_held)
        with self.assertRaisesRegex(UserError, "Prompt Ltd is on hold by decision"):
            self._confirm(other, self.seller)
        self._confirm(order, self.seller)
        self.assertEqual(order.state, "sale")

    def test_payer_is_another(self):
        ordered_by_late = self._quote(partner_invoice_id=self.prompt.id)
        paid_by_late = self._quote(self.prompt, partner_invoice_id=self.late.id)
        self.assertFalse(ordered_by_late.is_held)
        self.assertTrue(paid_by_late.is_held)
        held = self.env["sale.order"].search([("is_held", "=", True)])
        self.assertIn(paid_by_late, held)
        self.assertNotIn(ordered_by_late, held)
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._confirm(paid_by_late)
        self._confirm(ordered_by_late)
        self.assertEqual(ordered_by_late.state, "sale")

    def test_contact_of_company(self):
        contact = self.env["res.partner"].create({"name": "Lara Late", "parent_id": self.late.id})
        order = self._quote(contact, partner_invoice_id=contact.id)
        self.assertTrue(order.is_held)
        self.assertIn(order, self.env["sale.order"].search([("is_held", "=", True)]))
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._confirm(order)

    def test_archived_customer(self):
        order = self._quote()
        self.late.active = False
        self._flush()
        self.assertTrue(order.is_held)
        self.assertIn(order, self.env["sale.order"].search([("is_held", "=", True)]))
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._confirm(order)

    def test_cancelled_is_not_held(self):
        order = self._quote()
        order._action_cancel()
        self.assertFalse(order.is_held)
        self.assertNotIn(order, self.env["sale.order"].search([("is_held", "=", True)]))
        order.action_draft()
        self.assertTrue(order.is_held)

    def test_several_at_once(self):
        orders = self._quote(self.prompt) | self._quote() | self._quote(self.prompt)
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._confirm(orders)
        self._confirm(orders.filtered(lambda order: order.partner_id == self.prompt))
        self.assertEqual(orders.mapped("state"), ["sale", "draft", "sale"])

    def test_whoever_confirms(self):
        """Also the system, a scheduled action: no hold is passed over in silence."""
        order = self._quote()
        for confirming in (order.sudo(), order.with_user(SUPERUSER_ID)):
            with self.assertRaisesRegex(UserError, "Late Ltd owes"):
                confirming.action_confirm()

    def test_created_as_confirmed(self):
        """As imports and the external API may."""
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self._quote(state="sale")
        with self.assertRaisesRegex(UserError, "Late Ltd owes"):
            self.env["sale.order"].with_user(self.manager).create(
                {"partner_id": self.late.id, "state": "sale"}
            )
        self.assertEqual(self._quote(self.prompt, state="sale").state, "sale")
        by_the_system = self.env["sale.order"].with_user(SUPERUSER_ID)
        loaded = by_the_system.create(
            {"partner_id": self.late.id, "company_id": self.company.id, "state": "sale"}
        )
        self.assertEqual(loaded.state, "sale", "demo data of other addons")
        self.policy.order_hold = "warn"
        self.assertEqual(self._quote(state="sale").state, "sale")

    def test_state_is_not_written(self):
        order, cancelled = self._quote(), self._quote()
        cancelled._action_cancel()
        for held in (order, cancelled):
            with self.assertRaisesRegex(UserError, "Late Ltd owes"):
                held.with_user(self.seller).write({"state": "sale"})
        order.with_user(self.manager)._override_hold("Good customer")
        order.with_user(self.seller).write({"state": "sale"})
        self.assertEqual(order.state, "sale")

    def test_companies(self):
        other = self._create_company(name="Second")
        self.env.user.company_ids |= other
        self._get_policy(other).write(
            {
                "threshold_ids": [Command.create({"amount": 100, "days": 1})],
                "order_hold": "block",
            }
        )
        values = {"company_id": other.id, "warehouse_id": False, "user_id": False}
        if "warehouse_id" not in self.env["sale.order"]:
            values.pop("warehouse_id")
        order = (
            self.env["sale.order"]
            .with_company(other)
            .create(
                {
                    "partner_id": self.late.id,
                    "order_line": [Command.create({"product_id": self.product.id})],
                    **values,
                }
            )
        )
        self.assertFalse(order.is_held, "it owes nothing to this company")
        self.assertFalse(order.with_company(self.company).hold_reason)
        self.late.with_company(other).hold_policy = "always"
        self.late.with_company(self.company).hold_policy = "never"
        self._flush()
        self.assertTrue(order.is_held)
        self.assertTrue(order.with_company(self.company).hold_reason)
        self.assertFalse(self._quote().is_held)
        orders = self.env["sale.order"].with_context(allowed_company_ids=(other | self.company).ids)
        self.assertIn(order, orders.search([("is_held", "=", True)]))
        self._get_policy(other).order_hold = "off"
        self._flush()
        self.assertFalse(order.is_held)
        self.assertNotIn(order, orders.search([("is_held", "=", True)]))

    # Overriding ------------------------------------------------------------------------------

    def test_override(self):
        order = self._quote()
        self._override(order)
        self.assertEqual(order.state, "draft", "confirming is another decision")
        self.assertEqual(order.hold_status, "overridden")
        self.assertFalse(order.is_held)
        self.assertNotIn(order, self.env["sale.order"].search([("is_held", "=", True)]))
        self.assertIn("The bank confirmed the transfer.", order.hold_override_note)
        override = self.env["crm.customer.hold.override"].search([("res_id", "=", order.id)])
        self.assertRecordValues(
            override,
            [
                {
                    "res_model": "sale.order",
                    "partner_id": self.late.id,
                    "company_id": self.company.id,
                    "overridden_by_id": self.manager.id,
                    "reason": "The bank confirmed the transfer.",
                }
            ],
        )
        self.assertIn("1,000.00", override.hold_reason)
        self._confirm(order, self.seller)
        self.assertEqual(order.state, "sale")
        self.assertTrue(order.hold_override_note, "the order tells it for good")
        self.assertFalse(order.copy().hold_override_note, "another order, another decision")
        with self.assertRaises(UserError):
            self._confirm(self._quote(), self.manager)

    def test_override_is_for_one_payer(self):
        worse = self._create_customer("Worse Ltd")
        self._invoice(9000.0, partner_id=worse.id)
        order = self._quote()
        self._override(order)
        order.with_user(self.seller).client_order_ref = "A remark"
        contact = self.env["res.partner"].create({"name": "Lara Late", "parent_id": self.late.id})
        order.partner_id = contact
        self.assertTrue(order.sudo().hold_override_id, "the same payer")
        order.with_user(self.seller).partner_invoice_id = worse
        self._flush()
        self.assertFalse(order.sudo().hold_override_id)
        with self.assertRaisesRegex(UserError, "Worse Ltd owes"):
            self._confirm(order, self.seller)

    # The form --------------------------------------------------------------------------------

    def test_banner_as_soon_as_the_customer_is_chosen(self):
        # The payer can be chosen.
        self.seller.group_ids |= self.env.ref("account.group_delivery_invoice_address")
        form = Form(self.env["sale.order"].with_user(self.seller))
        self.assertFalse(form.hold_reason)
        form.partner_id = self.late
        self.assertIn("Late Ltd owes", form.hold_reason)
        self.assertTrue(form.is_hold_blocking)
        self.assertFalse(form.can_override_hold)
        self.assertEqual(form.payer_overdue_amount, 1000.0)
        self.assertTrue(form.payer_health_status)
        form.partner_id = self.prompt
        self.assertFalse(form.hold_reason)
        form.partner_invoice_id = self.late
        self.assertIn("Late Ltd owes", form.hold_reason)
        order = form.save()
        with Form(order.with_user(self.seller)) as form:
            self.assertIn("Late Ltd owes", form.hold_reason)
            form.client_order_ref = "Changed"
            self.assertIn("Late Ltd owes", form.hold_reason)
            form.partner_id = self.late
            self.assertIn("Late Ltd owes", form.hold_reason, "while it is being edited")
            form.partner_invoice_id = self.prompt
            self.assertFalse(form.hold_reason)

    def test_credit_limit_of_core(self):
        """Core's warning stands beside the hold, neither of them twice."""
        self.company.account_use_credit_limit = True
        self.late.write({"use_partner_credit_limit": True, "credit_limit": 900.0})
        self.prompt.write({"use_partner_credit_limit": True, "credit_limit": 10.0})
        both, limit_only = self._quote(), self._quote(self.prompt)
        self.assertIn("credit limit", both.partner_credit_warning)
        self.assertNotIn("credit", both.hold_reason)
        self.assertIn("credit limit", limit_only.partner_credit_warning)
        self.assertFalse(limit_only.hold_reason)
        self._confirm(limit_only)
        self.assertEqual(limit_only.state, "sale", "core only warns")

    def test_uninstalled_without_a_trace(self):
        order = self._quote()
        order.sudo()._validate_order()
        self.assertForgotten("sale.order", uninstall_hook)
        self.assertFalse(self._get_activities(order))
