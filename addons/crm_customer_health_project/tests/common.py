from odoo import Command
from odoo.tests import Form

from odoo.addons.crm_customer_health.tests.common import HealthCommon


class TaskCommon(HealthCommon):
    """Tasks of customers, and people of Projects, some of Sales or Invoicing as well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        project = "project.group_project_user"
        cls.worker = cls._create_user("t-worker", project)
        cls.seller = cls._create_user("t-seller", f"{project},sales_team.group_sale_salesman")
        cls.other = cls._create_user("t-other", f"{project},sales_team.group_sale_salesman")
        cls.biller = cls._create_user("t-biller", f"{project},account.group_account_invoice")
        cls.portal = cls._create_user("t-portal", "base.group_portal")
        cls.project = (
            cls.env["project.project"]
            .sudo()
            .create({"name": "Project", "privacy_visibility": "employees"})
        )
        cls.tasks = cls.env["project.task"]
        cls.all_tasks = cls.tasks

    @classmethod
    def _create_tasks(cls, *partners, **values):
        return (
            cls.tasks.sudo()
            .create(
                [
                    {
                        "name": partner.name or "Internal",
                        "project_id": cls.project.id,
                        "partner_id": partner.id,
                        **values,
                    }
                    for partner in partners
                ]
            )
            .with_env(cls.env)
        )

    def _create_biller_of_both(self, other):
        """Who works on projects and sends invoices here and in another company."""
        user = self._create_user("t-both", "project.group_project_user")
        user.sudo().write(
            {
                "group_ids": [Command.link(self.env.ref("account.group_account_invoice").id)],
                "company_ids": [Command.link(other.id)],
            }
        )
        return user

    def _find(self, user, *domain):
        return (
            self.tasks.with_user(user)
            .search([("id", "in", self.all_tasks.ids), *domain])
            .with_env(self.env)
        )

    def _share_with_portal_user(self):
        """The project, and a task of it that the portal user follows."""
        self.project.sudo().privacy_visibility = "portal"
        self.project.sudo().collaborator_ids = [
            Command.create({"partner_id": self.portal.partner_id.id})
        ]
        self.task.sudo().message_subscribe(self.portal.partner_id.ids)

    def _get_task_views(self, user):
        """Form, kanban, list and search of tasks, as this user gets them."""
        return self.tasks.with_user(user).get_views(
            [
                (False, "form"),
                (self.env.ref("project.view_task_kanban").id, "kanban"),
                (self.env.ref("project.view_task_tree2").id, "list"),
                (self.env.ref("project.view_task_search_form").id, "search"),
            ]
        )["views"]

    def assertCanBeSaved(self, task, user):
        with Form(task.with_user(user)) as form:
            form.name = f"Changed by {user.login}"
        self.assertEqual(task.name, f"Changed by {user.login}")

    def assertCostsTheSame(self, tasks, specification, expected):
        """Reading ten of them takes as many statements as reading all, and says this."""
        self.env.flush_all()

        def count(some, user):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = some.with_user(user).web_read(specification)
            for name, value in expected.items():
                self.assertEqual({row[name] for row in rows}, {value})
            return self.env.cr.sql_log_count - before

        for user in (self.seller, self.biller):
            with self.subTest(user.login):
                count(tasks, user)  # warm what is kept in memory
                self.assertEqual(count(tasks[:10], user), count(tasks, user))
