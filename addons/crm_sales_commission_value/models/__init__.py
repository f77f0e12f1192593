from . import (
    account_invoice_cost,
    crm_commission_event,
    crm_commission_plan,
    crm_sales_target,
)
