from . import (
    test_acquisition,
    test_budget,
    test_cost,
    test_lifetime,
    test_profit,
    test_service,
    test_value,
)
