from . import account_receivable_statement, crm_customer_health
