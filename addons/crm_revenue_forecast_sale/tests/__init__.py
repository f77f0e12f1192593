from . import test_forecast_drill, test_forecast_orders, test_forecast_orders_walk
