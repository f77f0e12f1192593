from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCommissionPlans(CommissionCommon):
    """An approved plan is locked; a change is a new version; nobody decides what he earns."""

    def test_approved_is_locked(self):
        for vals in ({"rate": 99.0}, {"state": "draft"}, {"date_to": "2024-02-01"}):
            with self.subTest(vals), self.assertRaises(UserError):
                self.plan.write(vals)
        with self.assertRaises(UserError):
            self.plan.unlink()
        with self.assertRaises(UserError):
            self.env["crm.commission.plan"].create(
                {"name": "Sly", "company_id": self.company.id, "state": "approved"}
            )
        plan = self._create_plan(
            rate_kind="levels", level_ids=[Command.create({"start": 0.0, "rate": 5.0})]
        )
        with self.assertRaises(UserError):
            plan.level_ids.rate = 50.0
        with self.assertRaises(UserError):
            plan.level_ids.unlink()
        with self.assertRaises(UserError):
            self.env["crm.commission.level"].create({"plan_id": plan.id, "start": 9, "rate": 9.0})

    def test_plan_without_levels_is_not_approved(self):
        with self.assertRaises(ValidationError):
            self._create_plan(rate_kind="levels")

    def test_new_version_ends_the_old_one(self):
        action = self.plan.action_new_version()
        version = self.env["crm.commission.plan"].browse(action["res_id"])
        version.write({"date_from": "2024-02-01", "rate": 20.0})
        version.action_approve()
        self.assertEqual(self.plan.date_to, self._date("2024-01-31"))
        self.assertEqual(version.assignment_ids.user_id, self.sam)
        self._pay(self._create_sale(1000.0, date="2024-01-31"))
        self._pay(self._create_sale(1000.0, date="2024-02-01"))
        self.assertEarned(sam=300.0)

    def test_nobody_approves_what_he_earns_by(self):
        manager = self._create_user("boss-seller", "sales_team.group_sale_manager")
        plan = self._create_plan(manager, approve=False)
        with self.assertRaises(UserError):
            plan.with_user(manager).action_approve()
        with self.assertRaises(UserError):
            plan.with_user(manager).sudo().action_approve()
        plan.action_approve()
        # Nor does he write himself into an approved plan, or his share anew.
        for plan_, vals in ((self.plan, {}), (self.plan, {"share": 1.0})):
            with self.assertRaises(UserError):
                self.env["crm.commission.assignment"].with_user(manager).create(
                    {"plan_id": plan_.id, "user_id": manager.id, **vals}
                )
        with self.assertRaises(UserError):
            plan.assignment_ids.with_user(manager).share = 50.0
        with self.assertRaises(UserError):
            self.plan.assignment_ids.with_user(manager).user_id = manager
        # A version of a plan that he earns by neither.
        version = self.env["crm.commission.plan"].browse(plan.action_new_version()["res_id"])
        with self.assertRaises(UserError):
            version.with_user(manager).action_approve()
        # Others he may.
        self.plan.assignment_ids.with_user(manager).share = 50.0
        self._pay(self._create_sale(1000.0))
        self.assertEarned(sam=50.0)

    def test_assignment_says_whose_sales(self):
        with self.assertRaises(ValidationError):
            self.env["crm.commission.assignment"].create(
                {"plan_id": self.plan.id, "user_id": self.ann.id, "sales_of": "team"}
            )

    def test_period_of_an_assignment(self):
        self.plan.assignment_ids.date_to = "2024-01-15"
        for date in ("2024-01-15", "2024-01-16"):
            self._pay(self._create_sale(1000.0, date=date))
        self.assertEarned(sam=100.0)
