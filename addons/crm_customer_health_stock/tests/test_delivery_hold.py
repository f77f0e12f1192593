from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..hooks import uninstall_hook
from .common import DeliveryHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHold(DeliveryHoldCommon):
    """Which deliveries are held, what is said, and how a hold is overridden."""

    def test_block(self):
        delivery = self._deliver()
        self.assertEqual(delivery.state, "assigned")
        self.assertTrue(delivery.is_held)
        self.assertTrue(delivery.is_hold_blocking)
        self.assertEqual(delivery.hold_status, "held")
        self.assertIn(delivery, self._search_held())
        with self.assertRaises(UserError) as refusal:
            self._validate(delivery)
        text = str(refusal.exception)
        for part in (
            delivery.name,
            "its invoices have been overdue for too long",
            "may be overridden by: ",
            "Administrator",
        ):
            self.assertIn(part, text)
        self.assertNotIn("1,000", text, "the warehouse sees no amounts")
        self.assertIn("Late Ltd owes $\xa01,000.00", delivery.hold_reason)
        self.assertEqual(delivery.state, "assigned")
        with self.assertRaisesRegex(UserError, "You may override the hold"):
            self._validate(delivery, self.stock_manager)
        other = self._deliver(self.prompt)
        self.assertFalse(other.is_held)
        self.assertFalse(other.hold_status)
        self.assertNotIn(other, self._search_held())
        self._validate(other)
        self.assertEqual(other.state, "done")

    def test_warn(self):
        self.policy.delivery_hold = "warn"
        delivery = self._deliver()
        self.assertTrue(delivery.is_held)
        self.assertIn("owes", delivery.hold_reason)
        self.assertFalse(delivery.is_hold_blocking)
        self._validate(delivery)
        self._flush()
        self.assertEqual(delivery.state, "done")
        self.assertFalse(delivery.is_held, "it has gone")
        self.assertFalse(delivery.hold_reason)

    def test_off(self):
        self.policy.delivery_hold = "off"
        delivery = self._deliver()
        self.assertFalse(delivery.is_held)
        self.assertFalse(delivery.hold_reason)
        self.assertNotIn(delivery, self._search_held())
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")

    def test_thresholds(self):
        """As of now, not as of last night: the claim is 61 days old."""
        delivery = self._deliver()
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 100, "days": 62})]
        self._flush()
        self.assertFalse(delivery.hold_reason)
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 100, "days": 61})]
        self._flush()
        self.assertTrue(delivery.hold_reason)
        with self.assertRaises(UserError):
            self._validate(delivery)
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 1001, "days": 1})]
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")

    def test_payment_releases_at_once(self):
        """Before any scheduled action runs."""
        delivery = self._deliver()
        self._pay(self.claim, date="2024-04-10")
        self._flush()
        self.assertFalse(delivery.hold_reason)
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")

    def test_debt_holds_at_once(self):
        delivery = self._deliver(self.prompt)
        self._invoice(500.0, partner_id=self.prompt.id)
        self._flush()
        self.assertIn("Prompt Ltd owes", delivery.hold_reason)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)

    def test_policy_of_the_customer(self):
        delivery, other = self._deliver(), self._deliver(self.prompt)
        self.late.hold_policy = "never"
        self.prompt.hold_policy = "always"
        self._flush()
        self.assertFalse(delivery.is_held)
        self.assertTrue(other.is_held)
        with self.assertRaisesRegex(UserError, "is on hold by decision"):
            self._validate(other)
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")

    def test_payer_is_another(self):
        ordered_by_late = self._deliver(partner_invoice_id=self.prompt.id)
        paid_by_late = self._deliver(self.prompt, partner_invoice_id=self.late.id)
        self.assertFalse(ordered_by_late.is_held)
        self.assertTrue(paid_by_late.is_held)
        held = self._search_held()
        self.assertIn(paid_by_late, held)
        self.assertNotIn(ordered_by_late, held)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(paid_by_late)
        self._validate(ordered_by_late)
        self.assertEqual(ordered_by_late.state, "done")

    def test_contacts_and_addresses(self):
        """Delivered to a site of the customer, invoiced to its accounts department."""
        site, accounts = self.env["res.partner"].create(
            [
                {"name": "Site", "parent_id": self.late.id, "type": "delivery"},
                {"name": "Accounts", "parent_id": self.late.id, "type": "invoice"},
            ]
        )
        delivery = self._deliver(partner_shipping_id=site.id, partner_invoice_id=accounts.id)
        self.assertEqual(delivery.partner_id, site)
        self.assertTrue(delivery.is_held)
        self.assertIn(delivery, self._search_held())
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)

    def test_archived_customer(self):
        delivery = self._deliver()
        self.late.active = False
        self._flush()
        self.assertTrue(delivery.is_held)
        self.assertIn(delivery, self._search_held())
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)

    def test_without_order(self):
        types, customers = (
            self.warehouse.out_type_id,
            self.env.ref("stock.stock_location_customers"),
        )
        delivery = self._move(types, self.warehouse.lot_stock_id, customers, self.late)
        self.assertFalse(delivery.sale_id)
        self.assertTrue(delivery.is_held)
        self.assertIn(delivery, self._search_held())
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)
        anonymous = self._send()
        self.assertFalse(anonymous.is_held)
        self.assertFalse(anonymous.hold_reason)
        self._validate(anonymous)
        self.assertEqual(anonymous.state, "done")

    def test_draft_and_cancelled(self):
        delivery = self._send(self.late, confirm=False)
        self.assertEqual(delivery.state, "draft")
        self.assertTrue(delivery.is_held)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)
        self.assertEqual(delivery.state, "draft", "refused before anything else is done")
        delivery.action_cancel()
        self._flush()
        self.assertFalse(delivery.is_held)
        self.assertNotIn(delivery, self._search_held())

    def test_companies(self):
        other = self._create_company(name="Second")
        self.env.user.company_ids |= other
        self._get_policy(other).threshold_ids = [Command.create({"amount": 100, "days": 1})]
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        self._stock_up(10, warehouse)
        delivery = self._send(self.late, warehouse)
        self.assertEqual(delivery.company_id, other)
        self.assertEqual(delivery._get_hold_mode(other), "block", "unless somebody said otherwise")
        self.assertFalse(delivery.is_held, "it owes nothing to this company")
        self.late.with_company(other).hold_policy = "always"
        self.late.with_company(self.company).hold_policy = "never"
        self._flush()
        self.assertTrue(delivery.is_held)
        self.assertFalse(self._deliver().is_held)
        pickings = self.env["stock.picking"].with_context(
            allowed_company_ids=(other | self.company).ids
        )
        self.assertIn(delivery, pickings.search([("is_held", "=", True)]))
        self._get_policy(other).delivery_hold = "off"
        self._flush()
        self.assertFalse(delivery.is_held)
        self.assertNotIn(delivery, pickings.search([("is_held", "=", True)]))

    # Overriding ------------------------------------------------------------------------------

    def test_override(self):
        delivery = self._deliver()
        self._override(delivery)
        self.assertEqual(delivery.state, "assigned", "validating is another decision")
        self.assertEqual(delivery.hold_status, "overridden")
        self.assertFalse(delivery.is_held)
        self.assertNotIn(delivery, self._search_held())
        self.assertIn("The bank confirmed the transfer.", delivery.hold_override_note)
        override = self.env["crm.customer.hold.override"].search([("res_id", "=", delivery.id)])
        self.assertRecordValues(
            override,
            [
                {
                    "res_model": "stock.picking",
                    "partner_id": self.late.id,
                    "company_id": self.company.id,
                    "overridden_by_id": self.stock_manager.id,
                    "reason": "The bank confirmed the transfer.",
                }
            ],
        )
        self.assertIn("1,000.00", override.hold_reason)
        row = self.late._get_health_of_companies(self.company)
        self.assertNotIn("confirmed the transfer", str(self.late.message_ids.mapped("body")))
        for record in (delivery, row):
            self.assertIn(
                "The bank confirmed the transfer.", str(record.message_ids.mapped("body"))
            )
            self.assertNotIn("1,000", str(record.message_ids.mapped("body")))
        self._validate(delivery)
        self.assertEqual(delivery.state, "done")
        self.assertTrue(delivery.hold_override_note, "the delivery tells it for good")
        with self.assertRaises(UserError):
            self._validate(self._deliver(), self.stock_manager)

    def test_override_is_for_one_payer(self):
        worse = self._create_customer("Worse Ltd")
        self._invoice(9000.0, partner_id=worse.id)
        delivery = self._deliver()
        self._override(delivery)
        delivery.with_user(self.picker).note = "A remark"
        contact = self.env["res.partner"].create({"name": "Lara", "parent_id": self.late.id})
        delivery.sale_id.partner_invoice_id = contact
        self._flush()
        self.assertTrue(delivery.sudo().hold_override_id, "the same payer")
        delivery.sale_id.partner_invoice_id = worse
        self._flush()
        self.assertFalse(delivery.sudo().hold_override_id)
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)

    def test_override_of_delivery_without_order_is_for_one_payer(self):
        worse = self._create_customer("Worse Ltd")
        self._invoice(9000.0, partner_id=worse.id)
        delivery = self._send(self.late)
        self._override(delivery)
        delivery.with_user(self.picker).partner_id = worse
        self._flush()
        with self.assertRaisesRegex(UserError, "overdue for too long"):
            self._validate(delivery)

    # The form --------------------------------------------------------------------------------

    def test_banner_while_it_is_edited(self):
        delivery = self._send(self.late)
        with Form(delivery.with_user(self.picker)) as form:
            self.assertIn("overdue for too long", form.hold_reason)
            self.assertTrue(form.is_hold_blocking)
            self.assertFalse(form.can_override_hold)
            form.partner_id = self.prompt
            self.assertFalse(form.hold_reason)
            form.partner_id = self.late
            self.assertIn("overdue for too long", form.hold_reason)
        self.assertEqual(delivery.partner_id, self.late)

    def test_uninstalled_without_a_trace(self):
        self.assertForgotten("stock.picking", uninstall_hook)
