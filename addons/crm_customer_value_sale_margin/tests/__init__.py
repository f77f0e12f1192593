from . import test_order_cost
