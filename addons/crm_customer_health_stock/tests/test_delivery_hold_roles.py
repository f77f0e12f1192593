from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from odoo.addons.crm_customer_hold.tests.hold_common import HoldRoles

from .common import DeliveryHoldCommon

HIDDEN_FROM_CUSTOMERS = (
    "is_held",
    "hold_reason",
    "hold_status",
    "is_hold_blocking",
    "can_override_hold",
    "hold_override_note",
    "hold_override_id",
    "hold_deciders",
    "hold_asked_on",
)
#: Why, for those who may not see amounts.
OVERDUE = "The customer is on hold: its invoices have been overdue for too long."


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHoldRoles(HoldRoles, DeliveryHoldCommon):
    """Who sees what of a delivery's hold, and who decides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.delivery = cls._deliver()
        cls.asker = cls.picker
        cls.deciding = (cls.stock_manager, cls.accountant)
        cls.others = (cls.picker, cls.seller, cls.leader, cls.sale_manager, cls.biller)

    def _create_held(self):
        return self._deliver()

    def test_overridden_is_delivered(self):
        for user in self.deciding:
            delivery = self._deliver()
            self._override(delivery, user)
            self._call(self.picker, delivery, "button_validate")
            self.assertEqual(delivery.state, "done")

    def test_warehouse_sees_hold_and_reason_only(self):
        """The form opens and says why; nothing else of the customer's health is theirs."""
        for user in (self.picker, self.stock_manager):
            with self.subTest(user.login):
                form = Form(self.delivery.with_user(user))
                self.assertEqual(form.hold_reason, OVERDUE)
                self.assertEqual(form.can_override_hold, user == self.stock_manager)
                row = self.delivery.with_user(user).web_read(
                    {name: {} for name in HIDDEN_FROM_CUSTOMERS if name != "hold_override_id"}
                )[0]
                self.assertEqual(row["hold_status"], "held")
                for model in ("crm.customer.health", "crm.customer.hold.override"):
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(user).search([])
                for name in ("hold_policy", "overdue_amount", "health_status"):
                    with self.assertRaises(AccessError):
                        self.late.with_user(user).read([name])
                with self.assertRaises(AccessError):
                    self.policy.with_user(user).delivery_hold = "off"
        self.delivery.with_user(self.stock_manager)._override_hold("Agreed")
        self._flush()
        self.assertIn("Agreed", self.delivery.with_user(self.picker).hold_override_note)

    def test_who_sees_amounts_of_the_customer_sees_the_reason(self):
        for user, sees in (
            (self.seller, True),
            (self.other_seller, False),
            (self.leader, True),
            (self.sale_manager, True),
            (self.biller, True),
            (self.accountant, True),
        ):
            with self.subTest(user.login):
                delivery = self.delivery.with_user(user)
                self.assertTrue(delivery.is_held)
                if sees:
                    self.assertIn("1,000.00", delivery.hold_reason)
                else:
                    self.assertEqual(delivery.hold_reason, OVERDUE)

    def test_salespeople_see_why_a_customer_without_invoices_is_held(self):
        self.prompt.hold_policy = "always"
        delivery = self._deliver(self.prompt)
        for user, reason in (
            (self.seller, "Prompt Ltd is on hold by decision for this customer."),
            (self.other_seller, "The customer is on hold by decision for this customer."),
        ):
            self.assertEqual(delivery.with_user(user).hold_reason, reason)

    def test_customers_see_nothing(self):
        """Somebody with a portal account may follow the own delivery, not what we think."""
        delivery = self.delivery
        delivery.partner_id = self.portal.partner_id
        self.portal.partner_id.parent_id = self.late
        self._flush()
        delivery.with_user(self.stock_manager)._override_hold("Agreed")
        self._flush()
        self.assertTrue(delivery.with_user(self.portal).read(["name"]), "may read it")
        for name in HIDDEN_FROM_CUSTOMERS:
            with self.subTest(name), self.assertRaises(AccessError):
                delivery.with_user(self.portal).read([name])
        with self.assertRaises(AccessError):
            delivery.with_user(self.portal).search([("is_held", "=", True)])
        for method in ("action_override_hold", "button_validate", "action_ask_for_release"):
            with self.assertRaises(AccessError):
                self._call(self.portal, delivery, method)

    def test_other_company(self):
        other = self._create_company(name="Second")
        for groups in ("stock.group_stock_manager", "sales_team.group_sale_manager"):
            user = self._create_user(f"dh-other-{groups}", groups, company=other)
            with self.assertRaises(AccessError):
                self.delivery.with_user(user).read(["hold_reason"])
            with self.assertRaises(AccessError):
                self._call(user, self.delivery, "action_override_hold")
            self.assertNotIn(self.delivery, self._search_held(user))
