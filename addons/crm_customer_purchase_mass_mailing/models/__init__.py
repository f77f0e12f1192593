from . import crm_customer_list_effect, crm_customer_offer
