from . import crm_customer_hold_mixin
