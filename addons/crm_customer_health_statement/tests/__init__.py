from . import test_statement_access
