from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_customer_health_project.tests.common import TaskCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestTaskValue(TaskCommon):
    """The tier stands on tasks for who may see the customer's health, and for nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.best = cls._create_customer("Best", user_id=cls.seller.id)
        cls.small = cls._create_customer("Small", user_id=cls.seller.id)
        cls._rate({cls.best: "a", cls.small: "d"}, cls.company)
        cls.contact = cls.env["res.partner"].create({"name": "Bob", "parent_id": cls.best.id})
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
        self._share_with_portal_user()
        with self.assertRaises(AccessError):
            self.task.with_user(self.portal).read(["value_tier"])

    def test_views(self):
        for user, sees in ((self.worker, False), (self.seller, True), (self.biller, True)):
            for view_type, view in self._get_task_views(user).items():
                with self.subTest(f"{user.login} {view_type}"):
                    self.assertEqual("value_tier" in view["arch"], sees)
            self.assertCanBeSaved(self.task, user)

    def test_company_of_the_task(self):
        other = self.setup_other_company()["company"]
        user = self._create_biller_of_both(other)
        self._rate({self.small: "b"}, other)
        project = self.project.sudo().copy({"company_id": other.id})
        [task] = self._create_tasks(self.small, project_id=project.id)
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
        specification = {"health_status": {}, "value_tier": {}}
        self.assertCostsTheSame(tasks, specification, {"value_tier": "b"})
