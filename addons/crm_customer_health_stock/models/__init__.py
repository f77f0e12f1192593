from . import (
    crm_customer_health,
    crm_customer_health_policy,
    sale_order,
    stock_picking,
    stock_picking_release,
    stock_picking_type,
)
