from . import (
    test_change,
    test_open_items,
    test_settlement_documents,
    test_settlement_money,
    test_settlement_search,
    test_today,
)
