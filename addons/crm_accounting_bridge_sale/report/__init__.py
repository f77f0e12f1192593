from . import crm_billing_funnel_report
