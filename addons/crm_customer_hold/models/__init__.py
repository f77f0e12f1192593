from . import (
    crm_customer_health,
    crm_customer_hold_override,
    crm_customer_hold_waiting,
    res_partner,
)
