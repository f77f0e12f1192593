from . import crm_customer_offer, crm_customer_purchase_panel
