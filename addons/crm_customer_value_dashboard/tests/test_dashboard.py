from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_customer_health_dashboard.tests.common import DashboardCase


@tagged("post_install", "-at_install")
@freeze_time("2024-03-01 12:00:00")
class TestValueDashboard(DashboardCase):
    readers = {
        "crm_customer_value_dashboard.spreadsheet_dashboard_value": [
            "crm_customer_value.crm_customer_value_group_cost"
        ]
    }
