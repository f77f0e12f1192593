from . import (
    account_move,
    account_receivable_change,
    crm_commission_assignment,
    crm_commission_event,
    crm_commission_level,
    crm_commission_plan,
    crm_commission_statement,
    crm_lead,
    crm_sales_credit,
    crm_team_member,
    res_company,
    res_config_settings,
)
