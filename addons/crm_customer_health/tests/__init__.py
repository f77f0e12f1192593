from . import (
    test_health_as_of,
    test_health_formulas,
    test_health_ibm,
    test_health_queue,
    test_health_snapshot,
    test_health_truths_documents,
    test_health_truths_money,
    test_health_truths_partners,
    test_health_walk,
    test_health_xlsx,
)
