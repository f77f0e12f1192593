from . import crm_billing_demo
