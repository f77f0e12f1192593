from . import (
    account_move,
    account_move_line,
    account_partial_reconcile,
    account_payment,
    crm_lead,
    crm_lead_figures,
    crm_lead_manual,
    crm_lead_stage,
    crm_stage,
    crm_stage_change_failure,
    mail_message,
    res_config_settings,
)
