from . import (
    account_move,
    crm_customer_health,
    crm_lead,
    crm_revenue_forecast,
    crm_revenue_forecast_state,
    crm_revenue_forecast_week,
    res_company,
)
