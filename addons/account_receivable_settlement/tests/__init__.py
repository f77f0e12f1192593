from . import (
    test_account_reading,
    test_change,
    test_open_items,
    test_reading_walk,
    test_settlement_currency,
    test_settlement_documents,
    test_settlement_entries,
    test_settlement_loss,
    test_settlement_money,
    test_settlement_search,
    test_today,
    test_transfer,
)
