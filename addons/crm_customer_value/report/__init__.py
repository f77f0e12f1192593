from . import account_invoice_report, crm_customer_profit_report
