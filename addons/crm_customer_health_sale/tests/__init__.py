from . import (
    test_order_hold,
    test_order_hold_activity,
    test_order_hold_http,
    test_order_hold_override,
    test_order_hold_payer,
    test_order_hold_payment,
    test_order_hold_roles,
    test_order_hold_tour,
    test_order_hold_views,
    test_order_waiting,
)
