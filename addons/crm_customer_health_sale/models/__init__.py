from . import (
    crm_customer_health_policy,
    payment_transaction,
    res_partner,
    sale_order,
)
