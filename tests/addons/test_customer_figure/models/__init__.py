from . import crm_customer_health, crm_customer_kept_figures
