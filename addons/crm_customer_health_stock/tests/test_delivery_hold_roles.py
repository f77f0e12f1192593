from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from .common import DeliveryHoldCommon

HIDDEN_FROM_CUSTOMERS = (
    "is_held",
    "hold_reason",
    "hold_status",
    "is_hold_blocking",
    "can_override_hold",
    "hold_override_note",
    "hold_override_id",
)


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestDeliveryHoldRoles(DeliveryHoldCommon):
    """Who sees what of a hold, and who decides, as by the external API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales, accounting = "sales_team.group_sale_", "account.group_account_"
        cls.other_seller = cls._create_user("dh-other", f"{sales}salesman")
        cls.leader = cls._create_user("dh-leader", f"{sales}salesman_all_leads")
        cls.sale_manager = cls._create_user("dh-sale-manager", f"{sales}manager")
        cls.biller = cls._create_user("dh-biller", f"{accounting}invoice")
        cls.accountant = cls._create_user("dh-accountant", f"{accounting}manager")
        cls.portal = cls._create_user("dh-portal", "base.group_portal")
        cls.delivery = cls._deliver()

    def _call(self, user, record, method, *args):
        """As the external API does."""
        return call_kw(record.with_user(user).browse(), method, [record.ids, *args], {})

    def test_deciding_roles_override(self):
        for user in (self.stock_manager, self.accountant):
            with self.subTest(user.login):
                delivery = self._deliver()
                self.assertTrue(delivery.with_user(user).can_override_hold)
                action = self._call(user, delivery, "action_override_hold")
                wizard = (
                    self.env[action["res_model"]]
                    .with_user(user)
                    .with_context(**action["context"])
                    .create({"reason": "Agreed"})
                )
                self._call(user, wizard, "action_override")
                self.assertEqual(delivery.sudo().hold_override_id.overridden_by_id, user)
                self._call(self.picker, delivery, "button_validate")
                self.assertEqual(delivery.state, "done")

    def test_others_cannot(self):
        wizards = self.env["crm.customer.hold.override.wizard"]
        values = {"res_model": "stock.picking", "res_ids": str(self.delivery.id), "reason": "Mine"}
        wizard_of_manager = wizards.with_user(self.stock_manager).create(values)
        for user in (self.picker, self.seller, self.leader, self.sale_manager, self.biller):
            with self.subTest(user.login):
                delivery = self.delivery.with_user(user)
                self.assertFalse(delivery.can_override_hold)
                for attempt in (
                    lambda user=user: self._call(user, self.delivery, "action_override_hold"),
                    lambda user=user: (
                        wizards.with_user(user)
                        .create({"res_model": "stock.picking", **values})
                        .action_override()
                    ),
                    lambda user=user: self._call(user, wizard_of_manager, "action_override"),
                    lambda user=user: self._call(user, self.delivery, "_override_hold", "Mine"),
                    lambda delivery=delivery: delivery._override_hold("Mine"),
                ):
                    with self.assertRaises(AccessError):
                        attempt()
        self.assertFalse(self.delivery.sudo().hold_override_id)

    def test_nobody_writes_the_override(self):
        self.delivery.with_user(self.stock_manager)._override_hold("Agreed")
        override = self.delivery.sudo().hold_override_id
        delivery = self._deliver()
        for user in (self.picker, self.stock_manager, self.seller, self.sale_manager):
            with self.subTest(user.login):
                for attempt in (
                    lambda user=user: delivery.with_user(user).hold_override_id,
                    lambda user=user: delivery.with_user(user).write(
                        {"hold_override_id": override.id}
                    ),
                    lambda user=user: (
                        self.env["stock.picking"]
                        .with_user(user)
                        .search([("hold_override_id", "!=", False)])
                    ),
                    lambda user=user: override.with_user(user).write({"reason": "Other"}),
                    lambda user=user: override.with_user(user).unlink(),
                ):
                    with self.assertRaises(AccessError):
                        attempt()

    def test_warehouse_sees_hold_and_reason_only(self):
        """The form opens and says why; nothing else of the customer's health is theirs."""
        for user in (self.picker, self.stock_manager):
            with self.subTest(user.login):
                form = Form(self.delivery.with_user(user))
                self.assertIn("Late Ltd owes", form.hold_reason)
                self.assertIn("1,000.00", form.hold_reason)
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
                    self.assertEqual(delivery.hold_reason, "The customer is on hold.")

    def test_salespeople_see_why_a_customer_without_invoices_is_held(self):
        self.prompt.hold_policy = "always"
        delivery = self._deliver(self.prompt)
        for user, reason in (
            (self.seller, "Prompt Ltd is on hold by decision for this customer."),
            (self.other_seller, "The customer is on hold."),
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
        for method in ("action_override_hold", "button_validate"):
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

    def test_policy(self):
        policy = self.policy.with_context(tracking_disable=False, mail_notrack=False)
        for user, mode in ((self.sale_manager, "warn"), (self.accountant, "block")):
            policy.with_user(user).delivery_hold = mode
            self.assertEqual(self.env["stock.picking"]._get_hold_mode(self.company), mode)
            self._flush()
        self.assertIn(
            "delivery_hold",
            self.policy.message_ids.sudo().tracking_value_ids.field_id.mapped("name"),
        )
        for user in (self.seller, self.leader, self.biller, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.policy.with_user(user).delivery_hold = "off"
