from . import (
    crm_customer_figures,
    crm_customer_health_mixin,
    crm_customer_kept_figures,
    crm_customer_month_ends,
)
