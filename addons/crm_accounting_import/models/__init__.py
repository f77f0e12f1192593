from . import (
    account_journal,
    account_move,
    accounting_import,
    accounting_import_column,
    accounting_import_line,
)
