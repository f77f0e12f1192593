from . import crm_sales_shortage
