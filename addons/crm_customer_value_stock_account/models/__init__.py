from . import account_invoice_cost, crm_service_driver, stock_move
