from . import (
    account_move,
    account_move_line,
    account_partial_reconcile,
    account_payment,
    account_receivable,
    account_receivable_change,
    account_receivable_document,
    account_receivable_item,
    account_receivable_reading,
    account_receivable_settlement,
    account_receivable_unposted,
    res_company,
)
