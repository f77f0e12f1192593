from . import crm_customer_collection_demo
