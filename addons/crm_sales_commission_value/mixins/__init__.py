from . import crm_commission_margin
