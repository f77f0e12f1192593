from . import (
    account_invoice_cost,
    account_move,
    account_move_line,
    account_receivable_change,
    product_template,
)
