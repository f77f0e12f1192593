from . import crm_customer_market_report
