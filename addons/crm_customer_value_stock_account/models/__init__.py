from . import account_invoice_cost, stock_move
