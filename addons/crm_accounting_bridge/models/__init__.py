from . import (
    account_move,
    account_move_line,
    account_receivable_change,
    crm_accounting_log,
    crm_lead,
    crm_lead_settlement,
    crm_lead_share,
    crm_stage,
    crm_stage_change_failure,
    mail_message,
    res_config_settings,
)
