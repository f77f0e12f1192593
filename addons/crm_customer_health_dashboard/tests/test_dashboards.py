import json
from ast import literal_eval

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import DashboardCase

MANAGEMENT, TEAM, MINE, FINANCE = (
    f"crm_customer_health_dashboard.spreadsheet_dashboard_{name}"
    for name in ("management", "sales_team", "sales_mine", "finance")
)


@tagged("post_install", "-at_install")
@freeze_time("2024-03-01 12:00:00")
class TestDashboards(DashboardCase):
    readers = {
        MANAGEMENT: ["sales_team.group_sale_manager", "account.group_account_manager"],
        TEAM: ["sales_team.group_sale_salesman_all_leads"],
        MINE: ["sales_team.group_sale_salesman"],
        FINANCE: ["account.group_account_invoice", "account.group_account_readonly"],
    }

    def test_cards_are_the_figures_of_the_models(self):
        self._invoice(700.0, invoice_date_due="2024-02-01")
        self._refresh()
        content = json.loads(self.dashboards[FINANCE].spreadsheet_data)
        labels = {
            literal_eval(text.removeprefix("=_t(").removesuffix(")")): f"B{key[1:]}"
            for key, text in content["sheets"][1]["cells"].items()
            if key.startswith("A") and key != "A1"
        }
        user = self.users[FINANCE][0]
        rows = self.env["crm.customer.health"].with_user(user).search([])
        for label, field in (("Overdue", "overdue_amount"), ("Open", "open_amount")):
            formula = content["sheets"][1]["cells"][labels[label]]
            pivot, measure = literal_eval(f"({formula.removeprefix('=PIVOT.VALUE(')[:-1]})")
            source = content["pivots"][str(pivot)]
            [group] = (
                self.env[source["model"]]
                .with_user(user)
                .formatted_read_group(source["domain"], [], [f"{measure}:sum_currency"])
            )
            self.assertTrue(group[f"{measure}:sum_currency"])
            self.assertEqual(group[f"{measure}:sum_currency"], sum(rows.mapped(field)), label)

    def test_copies_are_shared_by_finance_only(self):
        """A shared copy is open to anybody who has its address."""
        values = {
            "dashboard_id": self.dashboards[MINE].id,
            "spreadsheet_data": "{}",
        }
        shares = self.env["spreadsheet.dashboard.share"]
        seller = self.users[MANAGEMENT][0]
        with self.assertRaises(AccessError):
            shares.with_user(seller).action_get_share_url(dict(values))
        dashboards_sudo = self.env["spreadsheet.dashboard"].sudo()
        other = dashboards_sudo.create(
            {
                "name": "Something else",
                "dashboard_group_id": self.dashboards[FINANCE].dashboard_group_id.id,
            }
        )
        share = shares.with_user(seller).create({**values, "dashboard_id": other.id})
        with self.assertRaises(AccessError):
            share.dashboard_id = values["dashboard_id"]
        finance = self.users[FINANCE][0]
        values["dashboard_id"] = self.dashboards[FINANCE].id
        self.assertTrue(shares.with_user(finance).action_get_share_url(values))

    def test_seller_sees_own_only(self):
        for name in (MANAGEMENT, FINANCE):
            self.assertFalse(
                self.dashboards[name].with_user(self.users[MINE][0]).has_access("read"), name
            )
