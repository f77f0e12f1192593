from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_service import ServiceCommon


@tagged("post_install", "-at_install")
class TestBudget(ServiceCommon):
    """Two customers buy once a year for 100, in March, two others twice for 200, in March and
    November; both in 2022 and in 2023. They cost 70 %.

    On paper: at each new year the first are hibernating (2, 1), the others champions (5, 4). Those
    of the cells bought 1 x 100 and 2 x 200 in the year after: 2 x 100 and 2 x 2 x 200 in 2024, of
    which March has 600 / 1,000.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2024-01-01 10:00"):
            cls.rare = cls.env["res.partner"].create([{"name": "P"}, {"name": "Q"}])
            cls.often = cls.env["res.partner"].create([{"name": "R"}, {"name": "S"}])
            for year in ("2022", "2023"):
                for partner in cls.rare:
                    cls._sell(cls.flour, 10, date=f"{year}-03-01", partner_id=partner.id)
                for partner in cls.often:
                    for month in ("03", "11"):
                        cls._sell(cls.flour, 20, date=f"{year}-{month}-01", partner_id=partner.id)
            cls._freeze()

    def _propose(self, **values):
        budget = self.env["crm.customer.budget"].create(
            {"name": "As before", "year": 2024, "company_id": self.company.id, **values}
        )
        budget.action_propose()
        return budget

    @freeze_time("2024-01-01 10:00")
    def test_proposed_on_paper(self):
        budget = self._propose()
        lines = {
            (line.segment, line.month.month): (
                line.customer_count,
                round(line.purchase_count, 2),
                round(line.revenue, 2),
                round(line.margin, 2),
            )
            for line in budget.line_ids
            if line.revenue
        }
        self.assertEqual(
            lines,
            {
                ("hibernating", 3): (2, 1.2, 120.0, 36.0),
                ("hibernating", 11): (2, 0.8, 80.0, 24.0),
                ("champions", 3): (2, 2.4, 480.0, 144.0),
                ("champions", 11): (2, 1.6, 320.0, 96.0),
            },
        )
        self.assertAlmostEqual(budget.revenue, 1000.0, 2)

    def test_against_actual(self):
        with freeze_time("2024-01-01 10:00"):
            budget = self._propose()
        with freeze_time("2024-02-10 10:00"):
            self._sell(self.flour, 10, date="2024-02-05", partner_id=self.rare[0].id)
            self._sell(self.flour, 3, date="2024-02-05")
            self._freeze()
            rows = self.env["crm.customer.budget.report"]._read_group(
                [("budget_id", "=", budget.id)],
                ["segment"],
                ["budget_revenue:sum", "actual_revenue:sum", "difference:sum", "actual_margin:sum"],
            )
            found = {row[0]: tuple(round(value, 2) for value in row[1:]) for row in rows}
            self.assertEqual(
                found,
                {
                    "hibernating": (200.0, 100.0, -100.0, 30.0),
                    "champions": (800.0, 0.0, -800.0, 0.0),
                    "none": (0.0, 30.0, 30.0, 9.0),
                },
            )

    @freeze_time("2024-01-01 10:00")
    def test_typed_stays_until_proposed_anew(self):
        budget = self._propose()
        line = budget.line_ids.filtered("revenue")[0]
        line.revenue = 999.0
        other = budget.copy({"name": "Better"})
        self.assertIn(999.0, other.line_ids.mapped("revenue"))
        budget.action_propose()
        self.assertAlmostEqual(budget.revenue, 1000.0, 2)

    @freeze_time("2024-01-01 10:00")
    def test_contracts(self):
        """Under contract, and apart: once a year 100, sure to stay as nobody ever left."""
        tag = self.env["res.partner.category"].create({"name": "Contract"})
        policy = self.env["crm.customer.health.policy"]._get_policy(self.company)
        policy.contract_category_ids = tag
        self.rare[0].category_id = tag
        self.env(user=SUPERUSER_ID)["crm.customer.value"]._compute_company(policy)
        budget = self._propose()
        lines = budget.line_ids.filtered(lambda line: line.segment == "contract")
        self.assertEqual(lines.mapped("customer_count"), [1] * 12)
        value = self.env["crm.customer.value"].search([("partner_id", "=", self.rare[0].id)])
        self.assertAlmostEqual(
            sum(lines.mapped("revenue")), value.expected_purchases * 100.0, delta=0.5
        )

    @freeze_time("2024-01-01 10:00")
    def test_customer_who_became_a_contact(self):
        """One customer bought what two did: on the same days."""
        first, second = self.often
        second.write({"is_company": False, "parent_id": first.id})
        budget = self._propose()
        lines = budget.line_ids.filtered(lambda line: line.segment == "champions")
        self.assertEqual(set(lines.mapped("customer_count")), {1})

    @freeze_time("2020-01-01 10:00")
    def test_without_history(self):
        with self.assertRaises(UserError):
            self._propose(year=2020)

    @freeze_time("2024-01-01 10:00")
    def test_who_may(self):
        budget = self._propose()
        biller = self._create_user("budget-biller", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            budget.with_user(biller).action_propose()
        with self.assertRaises(AccessError):
            self.env["crm.customer.budget.report"].with_user(biller).search([])
