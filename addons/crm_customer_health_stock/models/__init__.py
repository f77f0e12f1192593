from . import (
    crm_customer_health_policy,
    crm_customer_hold_waiting,
    res_partner,
    sale_order,
    stock_move,
    stock_picking,
    stock_picking_type,
)
