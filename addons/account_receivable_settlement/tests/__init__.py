from . import test_change, test_settlement_documents, test_settlement_money
