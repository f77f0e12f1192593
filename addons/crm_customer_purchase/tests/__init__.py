from . import (
    test_list_effect,
    test_offers,
    test_panel,
    test_purchase_rights,
    test_purchases,
    test_suggestions,
)
