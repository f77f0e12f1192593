from . import test_ibm_accounts_receivable
