from . import test_cost, test_profit, test_service
