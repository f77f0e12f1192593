from . import (
    test_funnel_report,
    test_install,
    test_order_changes,
    test_order_link,
    test_order_progress,
    test_order_rest,
    test_order_rest_inventory,
    test_order_rest_walk,
    test_order_status,
)
