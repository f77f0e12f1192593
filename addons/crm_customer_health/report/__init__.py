from . import (
    crm_customer_health_workbook,
    crm_customer_payment_method,
    crm_customer_sheet,
    crm_receivables_report,
)
