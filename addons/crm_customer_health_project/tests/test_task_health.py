from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..hooks import uninstall_hook
from .common import TaskCommon

FIELDS = ["health_id", "health_currency_id", "health_status", "health_overdue_amount"]
SPEC = {"name": {}, **{name: {} for name in FIELDS}}


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestTaskHealth(TaskCommon):
    """A task shows its customer's health to who may see it, and to nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._create_user(
            "t-leader", "project.group_project_user,sales_team.group_sale_salesman_all_leads"
        )
        cls.auditor = cls._create_user(
            "t-auditor", "project.group_project_user,account.group_account_readonly"
        )
        cls.risky = cls._create_customer("Risky", user_id=cls.seller.id)
        cls.good = cls._create_customer("Good", user_id=cls.seller.id)
        cls.contact = cls.env["res.partner"].create(
            {"name": "Contact", "parent_id": cls.risky.id, "user_id": cls.other.id}
        )
        for month in (1, 2, 3, 4, 5, 6):
            cls._settled(500.0, 150, due=f"2023-0{month}-09", partner_id=cls.risky.id)
            cls._settled(500.0, -30, due=f"2023-1{month % 2}-09", partner_id=cls.good.id)
        cls._invoice(5000.0, invoice_date_due="2024-01-12", partner_id=cls.risky.id)
        cls.env.cr.flush()
        cls.env["crm.customer.health"].sudo()._refresh(cls.company)
        cls.task, cls.good_task, cls.stranger_task, cls.internal_task = cls._create_tasks(
            cls.contact, cls.good, cls._create_customer("Stranger"), cls.env["res.partner"]
        )
        cls.all_tasks = cls.task | cls.good_task | cls.stranger_task | cls.internal_task

    def test_task_shows_the_health_of_the_customer(self):
        for user in (self.seller, self.leader, self.biller, self.auditor):
            with self.subTest(user.login):
                task = self.task.with_user(user)
                self.assertEqual(task.health_status, "at_risk")
                self.assertEqual(task.health_overdue_amount, 5000.0)
                self.assertEqual(task.health_currency_id, self.company.currency_id)
                self.assertEqual(task.health_id.partner_id, self.risky)
                good_task = self.good_task.with_user(user)
                self.assertNotEqual(good_task.health_status, "at_risk")
                self.assertTrue(good_task.health_status)
                self.assertFalse(good_task.health_overdue_amount)
                self.assertFalse(self.stranger_task.with_user(user).health_status)
                self.assertFalse(self.internal_task.with_user(user).health_id)
                self.assertEqual(task.action_view_health()["res_id"], task.health_id.id)

    def test_search(self):
        for user in (self.seller, self.leader, self.biller, self.auditor):
            with self.subTest(user.login):
                self.assertEqual(self._find(user, ("health_status", "=", "at_risk")), self.task)
                self.assertEqual(self._find(user, ("health_overdue_amount", ">", 0)), self.task)
                self.assertEqual(
                    self._find(user, ("health_status", "!=", "at_risk")), self.all_tasks - self.task
                )
                self.assertEqual(
                    self._find(user, ("health_status", "=", False)),
                    self.stranger_task | self.internal_task,
                )
                self.assertEqual(
                    self._find(user, ("health_overdue_amount", "<=", 0)), self.all_tasks - self.task
                )

    def test_salesperson_sees_nothing_of_customers_of_others(self):
        task = self.task.with_user(self.other)
        self.assertFalse(task.health_id or task.health_status or task.health_overdue_amount)
        self.assertFalse(self._find(self.other, ("health_status", "=", "at_risk")))
        self.assertFalse(self._find(self.other, ("health_overdue_amount", ">", 0)))
        with self.assertRaises(AccessError):
            self.task.with_user(self.seller).health_id.with_user(self.other).read(["open_amount"])

    def test_project_user_without_sales_has_no_such_fields(self):
        task = self.task.with_user(self.worker)
        self.assertFalse(set(FIELDS) & set(task.fields_get()))
        for name in FIELDS:
            with self.subTest(name), self.assertRaises(AccessError):
                task.read([name])
        for name, operator, value in (
            ("health_status", "=", "at_risk"),
            ("health_overdue_amount", ">", 0),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                self._find(self.worker, (name, operator, value))

    def test_views(self):
        for user, sees in ((self.worker, False), (self.seller, True), (self.biller, True)):
            for view_type, view in self._get_task_views(user).items():
                with self.subTest(f"{user.login} {view_type}"):
                    self.assertEqual("health_status" in view["arch"], sees)
                    self.assertEqual(
                        "customer_at_risk" in view["arch"], sees and view_type == "search"
                    )
            self.assertCanBeSaved(self.task, user)

    def test_health_follows_the_customer_while_it_is_chosen(self):
        draft = self.tasks.with_user(self.seller).new({"partner_id": self.contact.id})
        self.assertEqual(draft.health_status, "at_risk")
        draft.partner_id = self.good
        self.assertNotEqual(draft.health_status, "at_risk")
        self.assertTrue(draft.health_status)

    def test_portal_user_of_a_shared_project(self):
        self._share_with_portal_user()
        task = self.task.with_user(self.portal)
        self.assertEqual(task.name, "Contact")
        with self.assertRaises(AccessError):
            task.read(["health_status"])
        for view_type in ("form", "kanban", "list", "search"):
            view = self.env.ref(
                {
                    "form": "project.project_sharing_project_task_view_form",
                    "kanban": "project.project_sharing_project_task_view_kanban",
                    "list": "project.project_sharing_project_task_view_tree",
                    "search": "project.project_sharing_project_task_view_search",
                }[view_type]
            )
            arch = self.tasks.with_user(self.portal).get_views([(view.id, view_type)])
            self.assertNotIn("health", arch["views"][view_type]["arch"])

    def test_company_of_the_task(self):
        other = self.setup_other_company()["company"]
        user = self._create_biller_of_both(other)
        health = self.env["crm.customer.health"].sudo()
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO crm_customer_health (
                company_id, partner_id, health_status, overdue_amount, refreshed_for)
            SELECT %s, %s, 'watch', 7, '2024-04-10'
            """,
            [other.id, self.good.id],
        )
        health.invalidate_model()
        project = self.project.sudo().copy({"company_id": other.id})
        [task] = self._create_tasks(self.good, project_id=project.id)
        self.assertEqual(task.company_id, other)
        both = (task | self.good_task).with_user(user)
        for companies in (self.company | other, other | self.company):
            seen = both.with_context(allowed_company_ids=companies.ids)
            self.assertEqual(seen[0].health_overdue_amount, 7.0, "in the task's company")
            self.assertEqual(
                seen[1].health_overdue_amount,
                0.0 if companies[0] == self.company else 7.0,
                "in the current company",
            )
            self.assertEqual(
                seen.search([("id", "in", seen.ids), ("health_overdue_amount", ">", 0)]),
                seen.filtered("health_overdue_amount"),
            )
        alone = both[1].with_context(allowed_company_ids=self.company.ids)
        self.assertFalse(alone.search([("id", "in", both.ids), ("health_overdue_amount", ">", 0)]))

    def test_list_costs_the_same_for_10_and_60(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}", "user_id": self.seller.id} for number in range(60)]
        )
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO crm_customer_health (
                company_id, partner_id, health_status, overdue_amount, refreshed_for)
            SELECT %s, id, 'watch', 10, '2024-04-10' FROM unnest(%s) id
            """,
            [self.company.id, customers.ids],
        )
        tasks = self._create_tasks(*customers)
        self.assertCostsTheSame(tasks, SPEC, {"health_overdue_amount": 10.0})

    def test_uninstalled_without_a_trace(self):
        mixins = (
            self.env["ir.model.inherit"]
            .sudo()
            .search(
                [("model_id.model", "=", "project.task"), ("parent_id.model", "=like", "crm.%")]
            )
        )
        self.assertTrue(mixins)
        uninstall_hook(self.env(su=True))
        self.assertFalse(mixins.exists())
