from . import crm_customer_health
