from . import crm_customer_payment_method
