from . import (
    account_invoice_report,
    crm_acquisition_report,
    crm_customer_budget_report,
    crm_customer_profit_report,
)
