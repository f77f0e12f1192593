from . import (
    test_calling,
    test_collection_from_outside,
    test_flag_access,
    test_flag_actions,
    test_flag_assignee,
    test_flag_tour,
    test_flag_volume,
    test_flags,
    test_health_digest,
    test_health_weekly,
    test_promises,
)
