from . import account_move_line, crm_lead, sale_order
