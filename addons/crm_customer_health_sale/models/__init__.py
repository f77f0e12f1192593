from . import (
    crm_customer_health_policy,
    crm_customer_hold_waiting,
    payment_transaction,
    res_partner,
    sale_order,
)
