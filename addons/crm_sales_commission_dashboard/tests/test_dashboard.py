from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_customer_health_dashboard.tests.common import DashboardCase


@tagged("post_install", "-at_install")
@freeze_time("2024-03-01 12:00:00")
class TestCommissionDashboard(DashboardCase):
    readers = {
        "crm_sales_commission_dashboard.spreadsheet_dashboard_commission": [
            "sales_team.group_sale_salesman"
        ]
    }
