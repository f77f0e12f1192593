from . import (
    test_delivery_hold,
    test_delivery_hold_escape,
    test_delivery_hold_flow,
    test_delivery_hold_list,
    test_delivery_hold_override,
    test_delivery_hold_roles,
    test_delivery_hold_tour,
    test_delivery_release,
    test_delivery_waiting,
)
