from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_sales_commission.tests.common import CommissionCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-20")
class TestPromotions(CommissionCommon):
    """What runs today, for salespeople who may not open programs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([("active", "=", True)]).active = False
        cls.running = cls._create_program("Spring", date_from="2024-02-20", date_to="2024-02-20")
        cls.always = cls._create_program("Always", program_type="promo_code")
        cls._create_program("Over", date_to="2024-02-19")
        cls._create_program("Not yet", date_from="2024-02-21")
        cls._create_program("Off", active=False)
        cls._create_program("Gift", program_type="gift_card")
        cls.leader = cls._create_user("leader-seller", "sales_team.group_sale_salesman")
        cls.manager = cls._create_user("manager-seller", "sales_team.group_sale_manager")

    @classmethod
    def _create_program(cls, name, **values):
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "reward_ids": [
                    Command.create(
                        {"reward_type": "discount", "discount": 10, "discount_mode": "percent"}
                    )
                ],
                **values,
            }
        )

    def _get_page(self, user):
        action = self.env["crm.sales.target"].with_user(user).action_open_my_page()
        return self.env["crm.sales.target"].browse(action["res_id"]).with_user(user)

    def _get_names(self, page):
        action = page.action_view_promotions()
        self.assertEqual(action["res_model"], "crm.sales.promotion")
        promotions = self.env[action["res_model"]].with_user(page.env.user)
        return set(promotions.search(action["domain"]).mapped("name"))

    def test_what_runs(self):
        for user in (self.sam, self.leader, self.manager):
            with self.subTest(user.login):
                page = self._get_page(user)
                self.assertEqual(page.promotion_count, 2)
                self.assertEqual(self._get_names(page), {"Spring", "Always"})
        promotion = self.env["crm.sales.promotion"].with_user(self.sam).browse(self.running.id)
        self.assertIn("10%", promotion.reward)
        self.assertEqual(promotion.program_type, "promotion")

    def test_other_companies(self):
        other = self._create_company(name="Other")
        self.running.company_id = other
        self.always.company_id = self.company
        branch = self._create_company(name="Branch", parent_id=self.company.id)
        seller = self._create_user("branch-seller", "sales_team.group_sale_salesman", branch)
        for user in (self.sam, seller):
            page = self._get_page(user)
            self.assertEqual(page.promotion_count, 1)
            self.assertEqual(self._get_names(page), {"Always"})
        found = self.env["crm.sales.promotion"].with_user(self.sam).search([])
        self.assertNotIn("Spring", found.mapped("name"))

    def test_language(self):
        self.env["res.lang"]._activate_lang("it_IT")
        self.running.with_context(lang="it_IT").name = "Primavera"
        promotions = self.env["crm.sales.promotion"].with_user(self.sam)
        found = promotions.with_context(lang="it_IT").search([("name", "ilike", "primav")])
        self.assertEqual(found.id, self.running.id)
        self.assertEqual(found.name, "Primavera")
        self.assertEqual(
            promotions.browse(self.running.id).with_context(lang="en_US").name, "Spring"
        )

    def test_nobody_else(self):
        promotions = self.env["crm.sales.promotion"]
        for group in ("base.group_user", "base.group_portal", "account.group_account_invoice"):
            user = self._create_user(f"x-{group}", group)
            with self.subTest(group), self.assertRaises(AccessError):
                promotions.with_user(user).search([])
        for write in (
            lambda own: own.write({"name": "Mine"}),
            lambda own: own.unlink(),
            lambda own: own.create({"name": "Mine"}),
        ):
            with self.assertRaises(AccessError):
                write(promotions.with_user(self.manager).browse(self.running.id))
        self.assertFalse({"coupon_ids", "rule_ids", "program_id"} & set(promotions._fields))
