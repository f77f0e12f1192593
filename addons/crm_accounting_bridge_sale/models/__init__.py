from . import account_move_line, crm_lead, crm_lead_progress, sale_order
