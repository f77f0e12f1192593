from . import (
    crm_customer_health,
    crm_customer_hold_override,
    mail_message,
    res_partner,
)
