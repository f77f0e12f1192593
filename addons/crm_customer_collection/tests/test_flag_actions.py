from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestFlagActions(FlagCommon):
    """What people do about customers in lists, and who may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who may write contacts reads the activities on them.
        cls.internal = cls._create_user("f-internal", "base.group_user,base.group_partner_manager")
        cls.portal = cls._create_user("f-portal", "base.group_portal")
        cls.biller = cls._create_user(
            "f-biller", "account.group_account_invoice,base.group_partner_manager"
        )
        cls.auditor = cls._create_user("f-auditor", "account.group_account_readonly")
        cls.others = cls._create_customer("Other's", user_id=cls.other_seller.id)

    def setUp(self):
        super().setUp()
        self.invoice = self._overdue(1000.0)
        self._overdue(1000.0, self.others)
        self._refresh()

    def _exclude(self, customers, user=None, until="2024-03-31", reason="Agreed."):
        action = customers.with_user(user or self.seller).action_exclude_from_flags()
        return (
            self.env[action["res_model"]]
            .with_user(user or self.seller)
            .with_context(**action["context"])
            .create({"until": until, "reason": reason})
            .action_exclude()
        )

    # Flag by hand ----------------------------------------------------------------------------

    def test_flag_by_hand_below_the_policy(self):
        small = self._create_customer("Small", user_id=self.seller.id)
        invoice = self._overdue(50.0, small)
        self._refresh()
        action = small.with_user(self.seller).action_flag_to_sales()
        self.assertIn("Flagged: 1.", action["params"]["message"])
        flag = self._get_flag(small)
        self.assertTrue(flag.is_manual)
        self._morning()
        self.assertEqual(self._get_flag(small), flag, "not cured by the policy")
        self._pay(invoice, date="2024-03-01")
        self._refresh()
        self.assertFalse(self._get_flag(small), "cured when nothing is overdue")

    def test_flag_by_hand_says_what_was_done(self):
        sound = self._create_customer("Sound", user_id=self.seller.id)
        self._overdue(900.0, sound, invoice_date_due="2024-06-01")
        self._refresh()
        self.customer.action_flag_to_sales()
        action = (self.customer | self.others | sound).action_flag_to_sales()
        self.assertEqual(
            action["params"]["message"],
            "Flagged: 1. Flagged already: 1. Nothing overdue: 1.",
        )

    def test_flag_from_health_invoices_and_opportunities(self):
        deal = self._create_deal(partner_id=self.others.id)
        records = (
            self._get_rows()[self.customer].with_env(self.env),
            self.invoice,
            deal,
        )
        for record in records:
            with self.subTest(record._name):
                record.action_flag_to_sales()
                customer = record.partner_id.commercial_partner_id
                self.assertTrue(self._get_flag(customer))
                self._get_flag(customer)._close("cured")

    def test_bills_have_no_customers(self):
        bill = self._create_deal_invoice(
            [(100.0, None)], move_type="in_invoice", partner_id=self.customer.id, ref="B1"
        )
        action = bill.action_flag_to_sales()
        self.assertIn("Flagged: 0.", action["params"]["message"])
        for name in ("action_record_promise", "action_exclude_from_flags"):
            with self.subTest(name), self.assertRaises(UserError):
                getattr(bill, name)()

    def test_in_an_automation_rule(self):
        """As a server action on invoices, which other addons run."""
        action = self.env.ref("crm_customer_collection.account_move_flag_to_sales_action")
        action.sudo().with_context(
            active_model="account.move", active_ids=self.invoice.ids, active_id=self.invoice.id
        ).run()
        self.assertTrue(self._get_flag())

    def test_new_customers_are_no_reason_to_fail(self):
        """An automation rule does not keep people from working with a customer without history."""
        customer = self._create_customer("New Ltd")
        deal = self._create_deal(partner_id=customer.id)
        self.assertIn("Flagged: 0.", deal.action_flag_to_sales()["params"]["message"])
        self.assertTrue(deal.action_recompute_customers())

    def test_own_customers_only(self):
        action = (self.customer | self.others).with_user(self.seller).action_flag_to_sales()
        self.assertIn("Flagged: 1.", action["params"]["message"])
        self.assertTrue(self._get_flag(self.customer))
        self.assertFalse(self._get_flag(self.others))
        action = self.others.with_user(self.seller).action_flag_to_sales()
        self.assertIn("Flagged: 0.", action["params"]["message"])
        self.assertFalse(self._get_flag(self.others))

    def test_blind_roles_do_nothing(self):
        for user in (self.internal, self.portal):
            for name in (
                "action_flag_to_sales",
                "action_record_promise",
                "action_exclude_from_flags",
                "action_recompute_customers",
            ):
                with self.subTest(user=user.login, name=name), self.assertRaises(AccessError):
                    getattr(self.customer.with_user(user), name)()

    def test_recompute(self):
        self._pay(self.invoice, date="2024-03-01")
        self._flush()
        self.customer.with_user(self.seller).action_recompute_customers()
        self.assertFalse(self._get_rows()[self.customer].overdue_amount)

    # Exclusions ------------------------------------------------------------------------------

    def test_excluded_until_a_day(self):
        self._exclude(self.customer)
        run = self._morning()
        self.assertFalse(self._get_flag())
        self.assertEqual(run.excluded_count, 1)
        self.assertEqual(self._morning("2024-03-31 08:00:00").excluded_count, 1)
        self.assertEqual(self._morning("2024-04-01 08:00:00").excluded_count, 0)
        self.assertTrue(self._get_flag())

    def test_excluding_closes_the_flag(self):
        self._morning()
        flag = self._get_flag()
        self._exclude(self.customer)
        self.assertEqual(flag.closing_reason, "excluded")
        self.assertFalse(self._get_activities())

    def test_exclusion_can_be_ended(self):
        self._exclude(self.customer)
        exclusion = self.env["crm.customer.flag.exclusion"].search([])
        self.assertEqual(exclusion.excluded_by_id, self.seller)
        exclusion.with_user(self.seller).action_end()
        self.assertEqual(exclusion.ended_by_id, self.seller)
        self._morning("2024-03-02 08:00:00")
        self.assertTrue(self._get_flag())

    def test_not_until_yesterday(self):
        with self.assertRaises(ValidationError):
            self._exclude(self.customer, until="2024-02-29")

    # Who sees, who keeps ---------------------------------------------------------------------

    def test_flags_are_seen_as_customers_are(self):
        self._morning()
        flags = self.env["crm.customer.flag"]
        self.assertEqual(flags.with_user(self.seller).search([]).partner_id, self.customer)
        for user in (self.leader, self.biller, self.auditor):
            seen = flags.with_user(user).search([]).partner_id
            self.assertEqual(seen, self.customer | self.others, user.login)
        for model in ("crm.customer.flag", "crm.payment.promise", "crm.customer.flag.run"):
            for user in (self.internal, self.portal):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_activities_of_flags_are_hidden(self):
        """Who may read the contact but not what it owes finds no activity of a flag."""
        self._morning()
        activities = self.env["mail.activity"]
        flagged = self._get_activities() | self._get_activities(self.others)
        for user, seen in (
            (self.internal, activities),
            (self.seller, self._get_activities()),
            (self.other_seller, self._get_activities(self.others)),
            (self.leader, flagged),
            (self.biller, flagged),
        ):
            with self.subTest(user.login):
                found = activities.with_user(user).search([("id", "in", flagged.ids)])
                self.assertEqual(found, seen.with_user(user))
                for activity in flagged - seen:
                    with self.assertRaises(AccessError):
                        activity.with_user(user).read(["note", "summary"])

    def test_told_user_sees_the_flag(self):
        """Also of a customer that is not theirs: who was told finds it in the list."""
        self.others.user_id = self.leader
        self._create_deal(partner_id=self.others.id, user_id=self.leader.id)
        self._morning()
        self._get_flag(self.others).assigned_id = self.seller
        flags = self.env["crm.customer.flag"].with_user(self.seller).search([])
        self.assertEqual(flags.partner_id, self.customer | self.others)

    def test_handed_only_to_who_may_see_customers(self):
        self._morning()
        with self.assertRaises(ValidationError):
            self._get_activities().user_id = self.internal

    def test_what_was_done_stays_on_the_row(self):
        self._morning()
        before = self.customer.message_ids
        self._get_activities().with_user(self.seller).action_feedback("Called them.")
        self.assertEqual(self.customer.message_ids, before)
        message = self._get_row().message_ids.filtered("mail_activity_type_id")
        self.assertIn("Called them.", str(message.body))

    def test_logs_are_kept(self):
        self._morning()
        self._exclude(self.customer)
        promise = self.env["crm.payment.promise"].create(
            {"partner_id": self.customer.id, "amount": 10, "date": "2024-03-02"}
        )
        records = (
            self.flags.search([]),
            promise,
            self.env["crm.customer.flag.exclusion"].search([]),
            self.env["crm.customer.flag.run"].sudo().search([]),
        )
        manager = self._create_user(
            "f-manager", "sales_team.group_sale_manager,account.group_account_manager"
        )
        for record in records:
            with self.subTest(record._name):
                with self.assertRaises(AccessError):
                    record.with_user(manager).unlink()
                with self.assertRaises(AccessError):
                    record.with_user(manager).write({"company_id": self.company.id})

    def test_promise_of_others_customers(self):
        promises = self.env["crm.payment.promise"].with_user(self.seller)
        values = {"amount": 10, "date": "2024-03-02", "company_id": self.company.id}
        promises.create({**values, "partner_id": self.customer.id})
        with self.assertRaises(AccessError):
            promises.create({**values, "partner_id": self.others.id})
        with self.assertRaises(AccessError):
            self.env["crm.payment.promise"].with_user(self.auditor).create(
                {**values, "partner_id": self.others.id}
            )

    def test_policy_roles(self):
        manager = self._create_user("f-sales-manager", "sales_team.group_sale_manager")
        self.policy.with_user(manager).write({"escalation_days": 7, "flag_to_sales": False})
        for user in (self.seller, self.leader, self.biller):
            with self.assertRaises(AccessError):
                self.policy.with_user(user).write({"escalation_days": 7})

    def test_filters_of_the_list(self):
        self._morning()
        health = self.env["crm.customer.health"].with_user(self.leader)
        self.assertEqual(
            health.search([("is_flagged", "=", True)]).partner_id, self.customer | self.others
        )
        self._get_flag(self.others)._close("cured")
        found = health.search([("is_flagged", "=", False), ("needs_action", "=", True)])
        self.assertEqual(found.partner_id, self.others)

    def test_the_fallback_may_see_customers(self):
        """Who can be chosen in the policy is who can be told."""
        arch = self.env["crm.customer.health.policy"].fields_get(["fallback_user_id"])
        domain = safe_eval(arch["fallback_user_id"]["domain"], {"company_id": self.company.id})
        found = self.env["res.users"].sudo().search(domain)
        for user in (self.seller, self.leader, self.biller, self.auditor):
            self.assertIn(user, found)
        for user in (self.internal, self.portal):
            self.assertNotIn(user, found)

    def test_nobody_without_thresholds(self):
        self.policy.write({"threshold_ids": [Command.clear()], "fallback_user_id": False})
        self._refresh()
        self.assertEqual(self._morning().flagged_count, 0, "no threshold: nobody")
