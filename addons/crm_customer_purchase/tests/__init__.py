from . import (
    test_offers,
    test_purchase_rights,
    test_purchases,
    test_suggestions,
)
