from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MarginCommon

HIDDEN_OF_TARGETS = (
    "target_margin",
    "attained_margin",
    "previous_margin",
    "revenue_without_cost",
    "margin_graph",
    "closed_margin",
)


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15")
class TestMarginRoles(MarginCommon):
    """Who does not see margins finds neither base nor rate, nor a plan that says it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._create_user("leader-seller", "sales_team.group_sale_salesman")
        cls.auditor = cls._create_user("auditor", "account.group_account_readonly")
        cls.manager = cls._create_user("manager-seller", "sales_team.group_sale_manager")
        cls.payroll = cls._create_user("payroll", "account.group_account_manager")
        cls.told = cls._create_user(
            "told-seller",
            "sales_team.group_sale_salesman,crm_customer_value.crm_customer_value_group_cost",
        )
        cls.biller = cls._create_user("biller", "account.group_account_invoice")
        cls.team = cls.env["crm.team"].create(
            {"name": "North", "user_id": cls.leader.id, "company_id": cls.company.id}
        )
        cls.env["crm.team.member"].create({"crm_team_id": cls.team.id, "user_id": cls.sam.id})
        cls.levels = cls._create_plan(
            cls.sam,
            cls.told,
            measure="margin",
            rate_kind="levels",
            level_ids=[Command.create({"start": 0.0, "rate": 5.0})],
        )
        cls.paid_plan = cls._create_plan(cls.sam, rate=1.0)
        cls._pay(cls._sell_press(), date="2024-02-10")
        cls._pay(cls._sell_press(user=cls.told), date="2024-02-10")
        cls._follow()
        cls.env["crm.commission.statement"].action_create_drafts()
        cls.target = cls.env["crm.sales.target"].create(
            {
                "user_id": cls.sam.id,
                "company_id": cls.company.id,
                "measure": "margin",
                "date_from": "2024-01-01",
                "target_margin": 600.0,
            }
        )
        cls.events = cls.env["crm.commission.event"].search(
            [("plan_id", "in", (cls.plan | cls.levels).ids), ("user_id", "=", cls.sam.id)]
        )

    def test_who_sees_base_and_rate(self):
        event = self.events.filtered(lambda row: row.plan_id == self.plan)
        for user, expected in (
            (self.sam, (0.0, 0.0, 40.0, True)),
            (self.leader, (0.0, 0.0, 40.0, True)),
            (self.auditor, (0.0, 0.0, 40.0, True)),
            (self.manager, (400.0, 10.0, 40.0, False)),
            (self.payroll, (400.0, 10.0, 40.0, False)),
        ):
            with self.subTest(user.login):
                # What somebody else read in the same transaction is not shown.
                self.assertEqual(event.sudo().base, 400.0)
                own = event.with_user(user)
                self.assertEqual((own.base, own.rate, own.amount, own.is_margin_hidden), expected)
                self.assertEqual(event.sudo().base, 400.0)
        with self.assertRaises(AccessError):
            event.with_user(self.biller).read(["amount"])
        told = self.env["crm.commission.event"].with_user(self.told).search([])
        self.assertEqual((told.base, told.is_margin_hidden), (400.0, False))

    def test_not_by_other_paths(self):
        """Neither read, exported, searched, sorted, grouped nor by context or another model."""
        for user in (self.sam, self.leader, self.auditor):
            for model in ("crm.commission.event", "crm.commission.report"):
                with self.subTest(model, user=user.login):
                    self._assert_hidden(self.env[model].with_user(user), ["base"])
            self._assert_hidden(self.env["crm.commission.event"].with_user(user), ["base", "rate"])

    def _assert_hidden(self, model, names):
        ids = self.events.ids
        rows = model.browse(ids).with_context(active_test=False, sudo=True, uid=1)
        for name in names:
            self.assertFalse(any(row[name] for row in rows.read([name])))
            self.assertFalse(any(row[name] for row in rows.web_read({name: {}})))
            if model.env.user.has_group("base.group_allow_export"):
                values = rows.export_data([name])["datas"]
                self.assertFalse(any(float(value or 0) for [value] in values))
            wanted = [("id", "in", ids)]
            for operator, value in ((">", 0), ("<", 0), (">=", 0.01), ("=", 400.0), ("=", 10.0)):
                self.assertFalse(model.search([*wanted, (name, operator, value)]))
            self.assertFalse(model.search([*wanted, (name, "in", [400.0, 10.0, 5.0])]))
            # No order says which is more.
            ascending = model.search(wanted, order=f"{name}, id")
            self.assertEqual(ascending.ids, model.search(wanted, order=f"{name} desc, id").ids)
        for aggregate in (
            "base:sum",
            "base:max",
            "base:avg",
            "base:array_agg",
            "base:sum_currency",
        ):
            [row] = model._read_group(wanted, [], [aggregate])
            value = row[0]
            self.assertFalse(any(value) if isinstance(value, list) else value, aggregate)
        self.assertFalse(
            model._read_group(wanted, ["user_id"], ["base:sum"], having=[("base:sum", ">", 0)])
        )
        # A domain by way of the statement, the plan, or of who earns.
        statements = self.env["crm.commission.statement"].with_user(model.env.user)
        self.assertFalse(
            statements.search([("event_ids", "any", [("id", "in", ids), ("base", ">", 0)])])
        )
        self.assertFalse(model.search([*wanted, ("plan_id.rate", ">", 0)]))
        self.assertFalse(model.search([*wanted, ("plan_id.measure", "=", "margin")]))
        self.assertFalse(model.search([*wanted, ("plan_id.level_ids.rate", ">", 0)]))

    def test_plans_of_margins(self):
        plans = self.plan | self.levels
        for user in (self.sam, self.leader, self.auditor):
            with self.subTest(user.login):
                found = self.env["crm.commission.plan"].with_user(user).search([])
                self.assertFalse(found & plans)
                for record in (self.plan, self.levels.level_ids):
                    with self.assertRaises(AccessError):
                        record.with_user(user).read(["rate"])
                # The name says by what it was earned.
                [values] = (
                    self.events[:1]
                    .with_user(user)
                    .web_read({"plan_id": {"fields": {"display_name": {}}}, "reason": {}})
                )
                self.assertTrue(values["plan_id"]["display_name"])
                self.assertTrue(values["reason"])
        self.assertIn(
            self.paid_plan, self.env["crm.commission.plan"].with_user(self.sam).search([])
        )
        for user in (self.manager, self.payroll):
            found = self.env["crm.commission.plan"].with_user(user).search([])
            self.assertEqual(found & plans, plans)

    def test_other_plans_are_as_ever(self):
        event = self.env["crm.commission.event"].with_user(self.sam).search([("base", ">", 0)])
        self.assertEqual(event.plan_id, self.paid_plan)
        self.assertEqual((event.base, event.rate, event.amount), (1000.0, 1.0, 10.0))

    def test_statement_and_export(self):
        statements = self.env["crm.commission.statement"].search(
            [("date_to", "=", "2024-02-29"), ("user_id", "=", self.sam.id)]
        )
        export = self.env["crm.commission.export"]
        shown = export._get_csv(statements).decode()
        self.assertIn("400.0,10.0,40.0", shown)
        own = statements.with_user(self.sam)
        # 40 of margin, 20 of levels, 10 of what was paid
        self.assertEqual(own.earned_amount, 70.0)
        mine = export.with_user(self.sam)._get_csv(own).decode()
        self.assertIn(",,,40.0", mine)
        self.assertNotIn("400.0", mine)
        self.assertIn("1000.0,1.0,10.0", mine)
        self.assertTrue(export.with_user(self.sam)._get_xlsx(own))

    def test_target_in_per_cent(self):
        """400 of 600: who does not see margins sees 67 %, and no amount."""
        self.assertAlmostEqual(self.target.attainment, 66.67, 2)
        for user in (self.sam, self.leader):
            own = self.target.with_user(user)
            self.assertEqual((own.attainment, own.has_target, own.unit), (67.0, True, "margin"))
            self.assertEqual((own.attained_amount, own.target_amount), (0.0, 0.0))
            self.assertNotIn("400", own.graph)
            for name in HIDDEN_OF_TARGETS:
                with self.subTest(name, user=user.login):
                    with self.assertRaises(AccessError):
                        own.read([name])
                    with self.assertRaises(AccessError):
                        own.search([(name, "!=", False)])
                    with self.assertRaises(AccessError):
                        own._read_group([], [], [f"{name}:max"])
                    self.assertNotIn(name, own.fields_get())
            arch = own.get_view(
                self.env.ref("crm_sales_commission.crm_sales_target_view_form").id, "form"
            )["arch"]
            self.assertNotIn("attained_margin", arch)
            self.assertIn("attainment", arch)
        seen = self.target.with_user(self.manager).read(list(HIDDEN_OF_TARGETS))[0]
        self.assertEqual((seen["attained_margin"], seen["target_margin"]), (400.0, 600.0))
