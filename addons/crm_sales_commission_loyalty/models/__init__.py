from . import crm_sales_target
