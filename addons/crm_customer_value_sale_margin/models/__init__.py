from . import account_invoice_cost
