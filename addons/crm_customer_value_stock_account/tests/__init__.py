from . import test_delivery_cost
