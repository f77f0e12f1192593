from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .overdue_common import OverdueCommon


@tagged("post_install", "-at_install")
class TestHealthFromOutside(OverdueCommon):
    """What was tried from outside: figures through other models, and what nobody may set."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.internal = cls._create_user("o-internal", "base.group_user")
        cls.manager = cls._create_user("o-manager", "sales_team.group_sale_manager")
        cls.other_seller = cls._create_user("o-other", "sales_team.group_sale_salesman")

    def setUp(self):
        super().setUp()
        self._overdue(1000.0)
        self._refresh()
        self.followed = self.env["res.partner"].create({"name": "Followed"})
        self.followed.message_subscribe(self.customer.ids)

    def _find(self, user, domain):
        return self.env["res.partner"].with_user(user).search(domain)

    def test_amounts_of_followers_are_not_guessed(self):
        """Core searches followers with full rights."""
        for path in (
            "message_partner_ids.overdue_amount",
            "message_partner_ids.health_id.overdue_amount",
            "message_partner_ids.health_id.net_overdue_amount",
        ):
            domain = [("id", "=", self.followed.id), (path, ">", 999)]
            self.assertEqual(self._find(self.seller, domain), self.followed, path)
            self.assertFalse(self._find(self.other_seller, domain), path)
            with self.assertRaises(AccessError, msg=path):
                self._find(self.internal, domain)

    def test_followers_are_searched_as_before(self):
        self.assertEqual(
            self._find(self.internal, [("message_partner_ids", "in", self.customer.ids)]),
            self.followed,
        )
        self.assertIn(
            self.followed,
            self._find(self.internal, [("message_partner_ids.name", "=", self.customer.name)]),
        )
        self.assertIn(
            self.followed,
            self.env["res.partner"]
            .sudo()
            .search([("message_partner_ids.name", "=", self.customer.name)]),
        )

    def test_searches_judge_the_user_and_not_the_mode(self):
        """Who searches on with full rights, in code that does not know of figures."""
        partners = self.env["res.partner"]
        domain = [("id", "=", self.customer.id), ("overdue_amount", ">", 999)]
        self.assertFalse(partners.with_user(self.other_seller).sudo().search(domain))
        self.assertEqual(partners.with_user(self.seller).sudo().search(domain), self.customer)

    def test_a_wrong_value_is_a_sentence(self):
        for model in ("res.partner", "account.move", "crm.lead"):
            name = "overdue_amount" if model == "res.partner" else "health_overdue_amount"
            records = self.env[model].with_user(self.manager)
            for operator, value in ((">", "much"), ("in", ["much"]), (">", {"much": 1})):
                with (
                    self.subTest(model, operator=operator, value=value),
                    self.assertRaises(UserError),
                ):
                    records.search([(name, operator, value)])

    def test_whose_a_policy_is_stays(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(AccessError):
            self.policy.with_user(self.manager).write({"company_id": other.id})

    def test_changes_of_the_policy_are_logged_whatever_the_context(self):
        silent = {"tracking_disable": True, "mail_notrack": True, "mail_create_nolog": True}
        self.env.cr.precommit.run()  # what the test's set-up did
        self.policy.with_user(self.manager).with_context(**silent).write({"window_months": 6})
        self.policy.with_user(self.manager).with_context(**silent).threshold_ids[0].unlink()
        self.env.flush_all()
        self.env.cr.precommit.run()
        log = (
            self.env["crm.accounting.log"]
            .sudo()
            .search(
                [("res_model", "=", self.policy._name), ("res_id", "=", self.policy.id)],
                order="id",
            )
        )
        changes = {row.field_name: (row.user_id, row.old_value, row.new_value) for row in log}
        self.assertEqual(changes["window_months"], (self.manager, "12", "6"))
        self.assertEqual(changes["threshold_ids"][0], self.manager)
