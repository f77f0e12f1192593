from . import test_settlement_documents, test_settlement_money
