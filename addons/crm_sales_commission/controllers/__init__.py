from . import crm_sales_commission
