from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from odoo.addons.crm_customer_health.tests.common import HealthCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestTaskValue(HealthCommon):
    """The tier stands on tasks for who may see the customer's health, and for nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        project = "project.group_project_user"
        cls.worker = cls._create_user("v-worker", project)
        cls.seller = cls._create_user("v-seller", f"{project},sales_team.group_sale_salesman")
        cls.other = cls._create_user("v-other", f"{project},sales_team.group_sale_salesman")
        cls.biller = cls._create_user("v-biller", f"{project},account.group_account_invoice")
        cls.portal = cls._create_user("v-portal", "base.group_portal")
        cls.project = (
            cls.env["project.project"]
            .sudo()
            .create({"name": "Project", "privacy_visibility": "employees"})
        )
        cls.best = cls._create_customer("Best", user_id=cls.seller.id)
        cls.small = cls._create_customer("Small", user_id=cls.seller.id)
        cls._rate({cls.best: "a", cls.small: "d"}, cls.company)
        cls.contact = cls.env["res.partner"].create({"name": "Bob", "parent_id": cls.best.id})
        cls.tasks = cls.env["project.task"]
        cls.task, cls.small_task, cls.internal_task = cls._create_tasks(
            cls.contact, cls.small, cls.env["res.partner"]
        )
        cls.all_tasks = cls.task | cls.small_task | cls.internal_task

    @classmethod
    def _rate(cls, tiers, company):
        cls.env.flush_all()
        for partner, tier in tiers.items():
            cls.env.cr.execute(
                """
                INSERT INTO crm_customer_health (
                    company_id, partner_id, health_status, value_tier, refreshed_for)
                VALUES (%s, %s, 'watch', %s, '2024-04-10')
                """,
                [company.id, partner.id, tier],
            )
        cls.env["crm.customer.health"].invalidate_model()

    @classmethod
    def _create_tasks(cls, *partners, project=None):
        return (
            cls.tasks.sudo()
            .create(
                [
                    {
                        "name": partner.name or "Internal",
                        "project_id": (project or cls.project).id,
                        "partner_id": partner.id,
                    }
                    for partner in partners
                ]
            )
            .with_env(cls.env)
        )

    def _find(self, user, *domain):
        return (
            self.tasks.with_user(user)
            .search([("id", "in", self.all_tasks.ids), *domain])
            .with_env(self.env)
        )

    def test_who_may_see_the_customer(self):
        for user in (self.seller, self.biller):
            with self.subTest(user.login):
                self.assertEqual(
                    self.all_tasks.with_user(user).mapped("value_tier"), ["a", "d", False]
                )
                self.assertEqual(self._find(user, ("value_tier", "=", "a")), self.task)
                self.assertEqual(
                    self._find(user, ("value_tier", "!=", "a")),
                    self.small_task | self.internal_task,
                )
                self.assertEqual(self._find(user, ("value_tier", "=", False)), self.internal_task)

    def test_customers_of_others(self):
        self.assertFalse(self.task.with_user(self.other).value_tier)
        self.assertFalse(self._find(self.other, ("value_tier", "in", ["a", "b", "c", "d"])))

    def test_without_sales_and_accounting(self):
        task = self.task.with_user(self.worker)
        self.assertNotIn("value_tier", task.fields_get())
        with self.assertRaises(AccessError):
            task.read(["value_tier"])
        with self.assertRaises(AccessError):
            self._find(self.worker, ("value_tier", "=", "a"))
        self.project.sudo().privacy_visibility = "portal"
        self.project.sudo().collaborator_ids = [
            Command.create({"partner_id": self.portal.partner_id.id})
        ]
        self.task.sudo().message_subscribe(self.portal.partner_id.ids)
        with self.assertRaises(AccessError):
            self.task.with_user(self.portal).read(["value_tier"])

    def test_views(self):
        for user, sees in ((self.worker, False), (self.seller, True), (self.biller, True)):
            views = self.tasks.with_user(user).get_views(
                [
                    (False, "form"),
                    (self.env.ref("project.view_task_kanban").id, "kanban"),
                    (self.env.ref("project.view_task_tree2").id, "list"),
                    (self.env.ref("project.view_task_search_form").id, "search"),
                ]
            )["views"]
            for view_type, view in views.items():
                with self.subTest(f"{user.login} {view_type}"):
                    self.assertEqual("value_tier" in view["arch"], sees)
            with Form(self.task.with_user(user)) as form:
                form.name = f"Changed by {user.login}"
            self.assertEqual(self.task.name, f"Changed by {user.login}")

    def test_company_of_the_task(self):
        other = self.setup_other_company()["company"]
        user = self._create_user("v-both", "project.group_project_user")
        user.sudo().write(
            {
                "group_ids": [Command.link(self.env.ref("account.group_account_invoice").id)],
                "company_ids": [Command.link(other.id)],
            }
        )
        self._rate({self.small: "b"}, other)
        [task] = self._create_tasks(
            self.small, project=self.project.sudo().copy({"company_id": other.id})
        )
        for companies in (self.company | other, other | self.company):
            seen = (task | self.small_task).with_user(user)
            seen = seen.with_context(allowed_company_ids=companies.ids)
            in_current = "d" if companies[0] == self.company else "b"
            self.assertEqual(seen.mapped("value_tier"), ["b", in_current])
            self.assertEqual(
                seen.search([("id", "in", seen.ids), ("value_tier", "=", "b")]),
                seen.filtered(lambda task: task.value_tier == "b"),
            )

    def test_list_costs_the_same_for_10_and_60(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}", "user_id": self.seller.id} for number in range(60)]
        )
        self._rate(dict.fromkeys(customers, "b"), self.company)
        tasks = self._create_tasks(*customers)
        self.env.flush_all()

        def count(some, user):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = some.with_user(user).web_read({"health_status": {}, "value_tier": {}})
            self.assertEqual({row["value_tier"] for row in rows}, {"b"})
            return self.env.cr.sql_log_count - before

        for user in (self.seller, self.biller):
            with self.subTest(user.login):
                count(tasks, user)  # warm what is kept in memory
                self.assertEqual(count(tasks[:10], user), count(tasks, user))
