from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.crm_customer_hold.tests.hold_common import HoldRoles

from .common import OrderHoldCommon

HIDDEN = [
    "is_held",
    "hold_reason",
    "hold_status",
    "is_hold_blocking",
    "hold_override_note",
    "hold_deciders",
    "hold_asked_on",
    "payer_health_id",
    "payer_health_status",
    "payer_overdue_amount",
    "payer_health_reasons",
]


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldRoles(HoldRoles, OrderHoldCommon):
    """Who sees what of an order's hold, and who decides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._quote()
        #: A customer of the seller, quoted by a colleague.
        cls.order_of_other = cls._quote(user_id=cls.other_seller.id)
        cls.asker = cls.seller
        cls.deciding = (cls.sale_manager, cls.accountant)
        cls.others = (cls.seller, cls.leader, cls.biller)

    def _create_held(self):
        return self._quote()

    def test_nobody_creates_an_overridden_order(self):
        self.order.with_user(self.manager)._override_hold("Agreed")
        override = self.order.sudo().hold_override_id
        for user in (*self.deciding, *self.others):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["sale.order"].with_user(user).create(
                    {"partner_id": self.late.id, "hold_override_id": override.id}
                )

    def test_log_follows_the_rules_of_customers(self):
        self.order.with_user(self.manager)._override_hold("Agreed")
        override = self.order.sudo().hold_override_id
        for user, sees in (
            (self.seller, True),
            (self.other_seller, False),
            (self.leader, True),
            (self.manager, True),
            (self.biller, True),
            (self.accountant, True),
        ):
            found = override.with_user(user).search([("id", "=", override.id)])
            self.assertEqual(bool(found), sees, user.login)
        for user in (self.internal, self.portal):
            with self.assertRaises(AccessError):
                override.with_user(user).search([])

    def test_reason_is_for_who_sees_the_customer(self):
        """The colleague who quotes somebody else's customer learns that it is on hold, no more."""
        for user, sees in (
            (self.seller, None),
            (self.other_seller, False),
            (self.leader, True),
            (self.manager, True),
            (self.biller, True),
            (self.accountant, True),
        ):
            if sees is None:
                continue
            order = self.order_of_other.with_user(user)
            with self.subTest(user.login):
                self.assertTrue(order.is_held)
                self.assertEqual("1,000.00" in order.hold_reason, sees)
                self.assertEqual(order.payer_overdue_amount, 1000.0 if sees else 0.0)
                self.assertEqual(bool(order.payer_health_status), sees)
                self.assertEqual(bool(order.payer_health_reasons), sees)
        self.assertEqual(
            self.order_of_other.with_user(self.other_seller).hold_reason,
            "The customer is on hold: its invoices have been overdue for too long.",
        )
        self.assertIn("1,000.00", self.order.with_user(self.seller).hold_reason)
        with self.assertRaises(UserError) as refusal:
            self.order_of_other.with_user(self.other_seller)._check_confirming()
        message = str(refusal.exception)
        self.assertIn("The customer is on hold: its invoices", message)
        self.assertNotIn("1,000", message)

    def test_customers_see_nothing(self):
        """Somebody with a portal account may read the own quotation, not what we think."""
        self.portal.partner_id.parent_id = self.late
        self._flush()
        self.order.partner_id = self.portal.partner_id
        self.order.state = "sent"
        self.order.with_user(self.manager)._override_hold("Agreed")
        self._flush()
        order = self.order.with_user(self.portal)
        self.assertTrue(order.read(["name"]), "may read it")
        for name in [*HIDDEN, "can_override_hold", "hold_override_id"]:
            with self.subTest(name), self.assertRaises(AccessError):
                order.read([name])
        with self.assertRaises(AccessError):
            order.search([("is_held", "=", True)])
        with self.assertRaises(AccessError):
            self._call(self.portal, self.order, "action_override_hold")
        with self.assertRaises(AccessError):
            self.order.with_user(self.internal).read(["is_held"])
