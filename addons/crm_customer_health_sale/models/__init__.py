from . import (
    crm_customer_health_policy,
    payment_transaction,
    res_partner,
    sale_order,
    sale_order_activity,
    sale_order_confirmation,
    sale_order_payer,
)
