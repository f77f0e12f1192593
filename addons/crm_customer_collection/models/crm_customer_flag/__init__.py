from . import crm_customer_flag
