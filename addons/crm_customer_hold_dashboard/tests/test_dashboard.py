from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_customer_health_dashboard.tests.common import DashboardCase


@tagged("post_install", "-at_install")
@freeze_time("2024-03-01 12:00:00")
class TestHoldDashboard(DashboardCase):
    readers = {
        "crm_customer_hold_dashboard.spreadsheet_dashboard_hold": [
            "sales_team.group_sale_manager",
            "account.group_account_invoice",
            "account.group_account_readonly",
        ]
    }
