from . import (
    account_move_line,
    crm_customer_actions_documents,
    crm_customer_company_day,
    crm_customer_flag,
    crm_customer_flag_exclusion,
    crm_customer_flag_run,
    crm_customer_health,
    crm_customer_health_policy,
    crm_payment_expectation,
    crm_payment_promise,
    digest_digest,
    mail_activity,
)
