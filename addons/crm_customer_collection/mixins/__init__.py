from . import crm_customer_actions, crm_customer_figures
