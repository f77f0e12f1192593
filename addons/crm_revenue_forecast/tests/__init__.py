from . import (
    test_forecast_drill,
    test_forecast_layers,
    test_forecast_walk,
    test_forecast_weeks,
)
