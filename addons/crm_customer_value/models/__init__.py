from . import (
    account_invoice_cost,
    account_move,
    account_move_line,
    account_receivable_change,
    crm_customer_service,
    crm_service_capacity,
    crm_service_driver,
    crm_service_rate,
    product_template,
)
