from . import account_move_line
from . import crm_lead
from . import sale_order
