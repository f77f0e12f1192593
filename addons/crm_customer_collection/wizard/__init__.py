from . import (
    base_partner_merge_automatic_wizard,
    crm_customer_flag_done_wizard,
    crm_customer_flag_exclusion_wizard,
    crm_payment_promise_wizard,
)
