from . import (
    account_journal,
    account_move,
    account_payment,
    accounting_import,
    accounting_import_column,
    accounting_import_line,
    accounting_import_word,
)
