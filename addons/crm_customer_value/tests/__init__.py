from . import test_cost, test_lifetime, test_profit, test_service, test_value
