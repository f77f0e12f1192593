from . import crm_revenue_forecast_week
