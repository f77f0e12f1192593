from . import (
    account_move,
    crm_customer_health,
    crm_customer_health_norm,
    crm_lead,
    crm_revenue_forecast,
    crm_revenue_forecast_week,
    res_company,
)
