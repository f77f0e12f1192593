from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import OrderHoldCommon

HIDDEN = [
    "is_held",
    "hold_reason",
    "hold_status",
    "is_hold_blocking",
    "hold_override_note",
    "payer_health_id",
    "payer_health_status",
    "payer_overdue_amount",
    "payer_health_reasons",
]


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldRoles(OrderHoldCommon):
    """Who sees what of a hold, and who decides, as by the external API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales, accounting = "sales_team.group_sale_", "account.group_account_"
        cls.other_seller = cls._create_user("oh-other", f"{sales}salesman")
        cls.leader = cls._create_user("oh-leader", f"{sales}salesman_all_leads")
        cls.biller = cls._create_user("oh-biller", f"{accounting}invoice")
        cls.accountant = cls._create_user("oh-accountant", f"{accounting}manager")
        cls.internal = cls._create_user("oh-internal", "base.group_user")
        cls.portal = cls._create_user("oh-portal", "base.group_portal")
        cls.order = cls._quote()
        #: A customer of the seller, quoted by a colleague.
        cls.order_of_other = cls._quote(user_id=cls.other_seller.id)
        cls.deciding = (cls.manager, cls.accountant)
        cls.others = (cls.seller, cls.leader, cls.biller)

    def _call(self, user, record, method, *args):
        """As the external API does."""
        return call_kw(record.with_user(user).browse(), method, [record.ids, *args], {})

    def test_deciding_roles_override(self):
        for user in self.deciding:
            with self.subTest(user.login):
                order = self._quote()
                self.assertTrue(order.with_user(user).can_override_hold)
                action = self._call(user, order, "action_override_hold")
                wizard = (
                    self.env[action["res_model"]]
                    .with_user(user)
                    .with_context(**action["context"])
                    .create({"reason": "Agreed"})
                )
                self._call(user, wizard, "action_override")
                self.assertEqual(order.sudo().hold_override_id.overridden_by_id, user)

    def test_others_cannot(self):
        wizards = self.env["crm.customer.hold.override.wizard"]
        values = {"res_model": "sale.order", "res_ids": str(self.order.id), "reason": "Mine"}
        wizard_of_manager = wizards.with_user(self.manager).create(values)
        for user in self.others:
            with self.subTest(user.login):
                self.assertFalse(self.order.with_user(user).can_override_hold)
                for attempt in (
                    lambda user=user: self._call(user, self.order, "action_override_hold"),
                    lambda user=user: wizards.with_user(user).create(values),
                    lambda user=user: self._call(user, wizard_of_manager, "action_override"),
                    lambda user=user: self._call(user, self.order, "_override_hold", "Mine"),
                    lambda user=user: self.order.with_user(user)._override_hold("Mine"),
                ):
                    with self.assertRaises(AccessError):
                        attempt()
        self.assertFalse(self.order.sudo().hold_override_id)

    def test_nobody_writes_the_override(self):
        self.order.with_user(self.manager)._override_hold("Agreed")
        override = self.order.sudo().hold_override_id
        order = self._quote()
        for user in (*self.deciding, *self.others):
            orders = self.env["sale.order"].with_user(user)
            with self.subTest(user.login):
                for attempt in (
                    lambda user=user: order.with_user(user).hold_override_id,
                    lambda user=user: order.with_user(user).write(
                        {"hold_override_id": override.id}
                    ),
                    lambda orders=orders: orders.create(
                        {"partner_id": self.late.id, "hold_override_id": override.id}
                    ),
                    lambda orders=orders: orders.search([("hold_override_id", "!=", False)]),
                    lambda user=user: override.with_user(user).write({"reason": "Other"}),
                    lambda user=user: override.with_user(user).unlink(),
                ):
                    with self.assertRaises(AccessError):
                        attempt()

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
            self.order_of_other.with_user(self.other_seller).hold_reason, "The customer is on hold."
        )
        self.assertIn("1,000.00", self.order.with_user(self.seller).hold_reason)
        with self._at_the_screen():
            message = self.order_of_other.with_user(self.other_seller)._confirmation_error_message()
        self.assertIn("The customer is on hold.", message)
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

    def test_policy(self):
        self.policy = self.policy.with_context(tracking_disable=False, mail_notrack=False)
        for user in self.deciding:
            self.policy.with_user(user).order_hold = "warn"
            self.assertEqual(self.env["sale.order"]._get_hold_mode(self.company), "warn")
            self.policy.with_user(user).order_hold = "block"
            self.assertEqual(self.env["sale.order"]._get_hold_mode(self.company), "block")
        for user in (*self.others, self.internal, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.policy.with_user(user).order_hold = "off"
        self.policy.with_user(self.manager).order_hold = "warn"
        self._flush()
        self.assertIn(
            "order_hold", self.policy.message_ids.sudo().tracking_value_ids.field_id.mapped("name")
        )
