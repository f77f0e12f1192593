from . import crm_customer_payment_method, crm_receivables_report
