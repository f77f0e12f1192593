from . import crm_customer_figures, crm_customer_health_mixin
