from . import (
    test_commission_events,
    test_commission_plans,
    test_commission_roles,
    test_commission_statements,
    test_commission_walk,
    test_sales_targets,
)
