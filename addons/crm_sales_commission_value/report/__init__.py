from . import crm_commission_export, crm_commission_report
