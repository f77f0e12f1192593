from . import (
    crm_customer_health,
    crm_customer_health_norm,
    crm_customer_health_policy,
    crm_customer_kept_figures,
    crm_customer_list_effect,
    crm_customer_list_effect_row,
    crm_customer_purchase,
    crm_customer_purchase_line,
    crm_customer_suggestion,
    crm_lead,
    product_template,
    res_partner,
)
