"""What each dashboard shows, a file for each addon that holds dashboards.

Another addon adds its figures by a line there, or a dashboard of its own.
"""

from .commission import COMMISSION
from .customer_health import FINANCE, MANAGEMENT, SALES_MINE, SALES_TEAM
from .forecast import CASH_TO_COME
from .hold import HOLDS
from .purchase import PURCHASES
from .value import VALUE

#: The dashboards by the addon that holds their files.
DASHBOARDS = {
    "crm_customer_health_dashboard": [MANAGEMENT, FINANCE, SALES_MINE, SALES_TEAM],
    "crm_customer_hold_dashboard": [HOLDS],
    "crm_customer_purchase_dashboard": [PURCHASES],
    "crm_customer_value_dashboard": [VALUE],
    "crm_revenue_forecast_dashboard": [CASH_TO_COME],
    "crm_sales_commission_dashboard": [COMMISSION],
}
