from . import crm_customer_offer
