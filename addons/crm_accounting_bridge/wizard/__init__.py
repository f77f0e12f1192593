from . import crm_manual_billing
