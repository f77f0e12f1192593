from . import (
    test_margin_commission,
    test_margin_roles,
    test_margin_targets,
    test_margin_walk,
)
