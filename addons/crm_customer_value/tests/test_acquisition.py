from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_service import ServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestAcquisition(ServiceCommon):
    """Two customers of a fair, one of nowhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fair = cls.env["utm.source"].create({"name": "Fair"})
        cls.other = cls.env["res.partner"].create({"name": "Other"})
        cls.nowhere = cls.env["res.partner"].create({"name": "Nowhere"})
        for partner in (cls.partner, cls.other):
            cls.env["crm.lead"].create(
                {
                    "name": "Oven",
                    "type": "opportunity",
                    "partner_id": partner.id,
                    "company_id": cls.company.id,
                    "source_id": cls.fair.id,
                }
            )
        cls._pay(cls._sell(cls.flour, date="2024-01-10"), 60.0, date="2024-02-01")
        cls._sell(cls.flour, date="2024-02-10")
        cls._sell(cls.flour, date="2024-02-10", partner_id=cls.other.id)
        cls._sell(cls.flour, date="2024-02-10", partner_id=cls.nowhere.id)
        cls._freeze()
        cls.cost = cls.env["crm.acquisition.cost"].create(
            {
                "company_id": cls.company.id,
                "month": "2024-01-01",
                "source_id": cls.fair.id,
                "amount": 120.0,
            }
        )
        policy = cls.env["crm.customer.health.policy"]._get_policy(cls.company)
        cls.env(user=SUPERUSER_ID)["crm.customer.value"]._compute_company(policy)

    def _get_groups(self, *groups):
        rows = self.env["crm.acquisition.report"]._read_group(
            [("company_id", "=", self.company.id)],
            groups,
            [
                "cost:sum",
                "new_customer_count:sum",
                "invoiced_total:sum",
                "paid_total:sum",
                "margin_total:sum",
                "cost_per_customer:avg",
            ],
        )
        return {row[0]: row[1:] for row in rows}

    def test_by_source(self):
        groups = self._get_groups("source_id")
        self.assertEqual(groups[self.fair], (120.0, 2, 300.0, 60.0, 90.0, 60.0))
        self.assertEqual(groups[self.fair.browse()][:5], (0.0, 1, 100.0, 0.0, 30.0))

    def test_by_month_of_the_first_invoice(self):
        counts = {str(month): row[1] for month, row in self._get_groups("date:month").items()}
        self.assertEqual(counts, {"2024-01-01": 1, "2024-02-01": 2})

    def test_payback(self):
        """What both earn a month: 60 since 60 days, 30 since four weeks, counted in weeks."""
        [(months,)] = self.env["crm.acquisition.report"]._read_group(
            [("company_id", "=", self.company.id), ("source_id", "=", self.fair.id)],
            [],
            ["payback_months:avg"],
        )
        monthly = 60 / (9 * 7 / 30.4375) + 30 / 1
        self.assertAlmostEqual(months, 120 / monthly, 1)

    def test_a_loss_never_pays_back(self):
        loser = self.env["res.partner"].create({"name": "Sold below cost"})
        self._sell(self.flour, price=5.0, partner_id=loser.id)
        self._freeze()
        policy = self.env["crm.customer.health.policy"]._get_policy(self.company)
        self.env(user=SUPERUSER_ID)["crm.customer.value"]._compute_company(policy)
        report = self.env["crm.acquisition.report"]
        groups = report.formatted_read_group(
            [("company_id", "=", self.company.id), ("partner_id", "in", [loser.id, False])],
            [],
            ["cost:sum", "margin_total:sum", "payback_months:avg"],
        )
        self.assertEqual(
            [(row["cost:sum"], row["margin_total:sum"]) for row in groups], [(120.0, -20.0)]
        )
        self.assertFalse(groups[0]["payback_months:avg"])

    def test_from_bills(self):
        account = self.env["account.analytic.account"].create(
            {
                "name": "Fairs",
                "plan_id": self.env["account.analytic.plan"].search([], limit=1).id,
                "company_id": self.company.id,
            }
        )
        with self.assertRaises(UserError):
            self.cost.action_take_from_bills()
        self.cost.analytic_account_id = account
        for date in ("2024-01-31", "2024-02-01"):
            self._create_document(
                [
                    {
                        "price_unit": 450.0,
                        "analytic_distribution": {str(account.id): 100},
                        "tax_ids": [Command.clear()],
                    }
                ],
                date=date,
                move_type="in_invoice",
            )
        seller = self._create_user("acquisition-manager", "sales_team.group_sale_manager")
        self.cost.with_user(seller).action_take_from_bills()
        self.assertEqual(self.cost.amount, 450.0)

    def test_who_may(self):
        biller = self._create_user("acquisition-biller", "account.group_account_invoice")
        for model in ("crm.acquisition.cost", "crm.acquisition.report"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(biller).search([])
