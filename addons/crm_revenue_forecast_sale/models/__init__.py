from . import crm_revenue_forecast, crm_revenue_forecast_state
