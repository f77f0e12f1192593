from . import crm_customer_hold_override_wizard
