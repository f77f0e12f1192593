from . import crm_sales_promotion
