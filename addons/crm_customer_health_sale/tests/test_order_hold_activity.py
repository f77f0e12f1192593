from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .common import ORDER_ON_HOLD, OrderHoldCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestOrderHoldActivity(OrderHoldCommon):
    """Orders that customers sign stay quotations, somebody is told, and told again when paid."""

    def test_signed(self):
        held, free = self._quote(), self._quote(self.prompt)
        notes = len(held.message_ids)
        (held | free).sudo()._validate_order()
        self.assertEqual((held | free).mapped("state"), ["draft", "sale"])
        activity = self._get_activities(held | free)
        self.assertRecordValues(
            activity,
            [
                {
                    "res_id": held.id,
                    "user_id": self.seller.id,
                    "date_deadline": fields.Date.to_date("2024-04-10"),
                }
            ],
        )
        self.assertEqual(len(held.message_ids), notes + 1)
        self.assertIn("on hold", held.message_ids[0].body)
        for text in (held.message_ids[0].body, activity.summary, activity.note or ""):
            self.assertNotIn("1,000", text)
        held.sudo()._validate_order()
        self.assertEqual(len(self._get_activities(held)), 1, "once")
        self.assertEqual(len(held.message_ids), notes + 1)

    def test_nothing_happens_to_it(self):
        """Neither what other addons do on confirmation: quotation templates send mail."""
        if "sale_order_template_id" not in self.env["sale.order"]._fields:
            self.skipTest("quotation templates are not installed")
        template = self.env["sale.order.template"].create(
            {
                "name": "With mail",
                "mail_template_id": self.env.ref("sale.mail_template_sale_confirmation").id,
            }
        )
        held, free = orders = self._quote() | self._quote(self.prompt)
        orders.sale_order_template_id = template
        mailed = []
        with patch.object(
            type(orders),
            "_send_order_notification_mail",
            lambda order, template: mailed.append(order),
        ):
            orders._validate_order()
        self.assertEqual(set(mailed), {free})
        self.assertEqual(held.state, "draft")

    def test_warning_is_no_obstacle(self):
        self.policy.order_hold = "warn"
        order = self._quote()
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(self._get_activities(order))

    def test_who_is_told(self):
        """Each of them only while the one before is gone."""
        users = salesperson, account_manager, leader, fallback, creator = [
            self._create_user(f"oh-{name}", "sales_team.group_sale_salesman")
            for name in ("salesperson", "account-manager", "leader", "fallback", "creator")
        ]
        order = self._quote(user_id=salesperson.id)
        contact = self.env["res.partner"].create({"name": "Lara", "parent_id": self.late.id})
        self.late.user_id = account_manager
        order.partner_id = contact
        order.user_id = salesperson
        order.team_id = self.env["crm.team"].create({"name": "Team", "user_id": leader.id})
        self.policy.fallback_user_id = fallback
        self.cr.execute(
            "UPDATE sale_order SET create_uid = %s WHERE id = %s", [creator.id, order.id]
        )
        order.invalidate_recordset()
        for user in users:
            self.assertEqual(order._get_hold_responsible(), user)
            user.active = False
        self.assertFalse(order._get_hold_responsible())
        order.sudo()._validate_order()
        self.assertEqual(order.state, "draft")
        self.assertFalse(self._get_activities(order).user_id)

    def test_who_is_not_told(self):
        """Neither customers, nor colleagues of another company."""
        other = self._create_company(name="Second")
        stranger = self._create_user("oh-stranger", "sales_team.group_sale_salesman")
        order = self._quote()
        order.team_id = False
        self.seller.active = False
        self.policy.fallback_user_id = stranger
        # Later this colleague goes to the other company.
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        portal = self._create_user("oh-portal", "base.group_portal")
        self.cr.execute(
            "UPDATE sale_order SET create_uid = %s WHERE id = %s", [portal.id, order.id]
        )
        order.invalidate_recordset()
        self.assertFalse(order._get_hold_responsible())

    def test_web_order_is_no_cart_any_more(self):
        """The web shop is no dependency of ours: here any quotation stands for a cart."""
        cart, sent = orders = self._quote() | self._quote()
        sent.action_quotation_sent()
        notes = len(cart.message_ids)
        with patch.object(
            type(orders),
            "_get_carts",
            lambda self: self.sudo().filtered(lambda order: order.state == "draft"),
        ):
            orders.sudo()._validate_order()
            orders.sudo()._validate_order()
        self.assertEqual(orders.mapped("state"), ["sent", "sent"])
        self.assertEqual(len(self._get_activities(orders)), 2)
        self.assertEqual(len(cart.message_ids), notes + 1, "no mail, no tracking")
        self.assertFalse(self._quote()._get_carts(), "quotations of salespeople are left alone")

    def test_language_of_the_company(self):
        """A web customer's language is not that of who reads the chatter."""
        self.env["res.lang"]._activate_lang("it_IT")
        order = self._quote()
        self.company.partner_id.lang = "en_US"
        with patch.object(
            type(self.env),
            "_",
            lambda env, source, **values: f"{env.context.get('lang')}: {source}",
        ):
            order.sudo().with_context(lang="it_IT")._validate_order()
        self.assertIn("en_US: The order was to be confirmed", order.message_ids[0].body)
        self.assertIn("en_US: Not confirmed", self._get_activities(order).summary)

    def test_deleted_activity_type(self):
        """Told once, all the same."""
        self.env.ref(ORDER_ON_HOLD).unlink()
        order = self._quote()
        for __ in range(2):
            order.sudo()._validate_order()
        self.assertEqual(len(order.activity_ids), 1)
        order.with_user(self.manager)._override_hold("Good customer")
        self._confirm(order, self.seller)
        self.assertFalse(order.activity_ids)

    def test_decided(self):
        """Confirming or cancelling ends the activity."""
        confirmed, cancelled = orders = self._quote() | self._quote()
        orders.sudo()._validate_order()
        self.assertEqual(len(self._get_activities(orders)), 2)
        confirmed.with_user(self.manager)._override_hold("Good customer")
        self._confirm(confirmed, self.seller)
        self.assertEqual(self._get_activities(orders).res_id, cancelled.id)
        cancelled.with_user(self.seller)._action_cancel()
        self.assertFalse(self._get_activities(orders))

    def _hold_many(self, number):
        orders = self.env["sale.order"].concat(*(self._quote() for __ in range(number)))
        orders.sudo()._validate_order()
        return orders

    def test_told_of_the_payment(self):
        order = self._hold_many(1)
        of_other = self._quote(self.prompt)
        self.prompt.hold_policy = "always"
        of_other.sudo()._validate_order()
        activity = self._get_activities(order)
        with freeze_time("2024-04-15 10:00"):
            self._refresh()
            self.assertIn("Not confirmed", activity.summary)
            self._pay(self.claim, date="2024-04-15")
            self._refresh()
            self.assertIn("No longer on hold", activity.summary)
            self.assertEqual(activity.date_deadline, fields.Date.to_date("2024-04-15"))
            self.assertEqual(activity.user_id, self.seller)
            self.assertIn("Not confirmed", self._get_activities(of_other).summary)
            self.assertEqual(order.state, "draft", "it is for people to confirm")
            order.sudo()._validate_order()
            self.assertEqual(order.state, "sale")
            self.assertFalse(self._get_activities(order))

    def test_held_by_decision_is_not_released(self):
        order = self._hold_many(1)
        self.late.hold_policy = "always"
        self._pay(self.claim, date="2024-04-10")
        self._refresh()
        self.assertIn("Not confirmed", self._get_activities(order).summary)

    def test_told_of_a_decision_for_the_customer(self):
        order = self._hold_many(1)
        activity = self._get_activities(order)
        self.late.with_user(self.manager).hold_policy = "always"
        self.assertIn("Not confirmed", activity.summary, "still on hold")
        self.late.with_user(self.manager).hold_policy = "automatic"
        self.assertIn("Not confirmed", activity.summary, "still on hold by policy")
        self.late.with_user(self.manager).hold_policy = "never"
        self.assertIn("No longer on hold", activity.summary)

    def test_cost_of_release(self):
        def count():
            self._flush()
            before = self.cr.sql_log_count
            self.late.sudo()._on_released(self.company)
            self._flush()
            return self.cr.sql_log_count - before

        self._hold_many(2)
        count()
        few = count()
        orders = self._hold_many(18)
        count()
        many = count()
        self.assertEqual(len(self._get_activities(orders)), 18)
        self.assertIn("No longer on hold", self._get_activities(orders)[-1].summary)
        self.assertLessEqual(many, few + 2)
