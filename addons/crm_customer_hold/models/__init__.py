from . import (
    crm_customer_health,
    crm_customer_hold_override,
    res_partner,
)
