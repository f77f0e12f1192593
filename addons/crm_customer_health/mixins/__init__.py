from . import (
    crm_customer_actions,
    crm_customer_figures,
    crm_customer_health_mixin,
    crm_customer_hold_mixin,
    crm_customer_hold_overriding,
)
