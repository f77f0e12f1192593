{
    "name": "CRM Customer Purchases - Email Marketing",
    "summary": "A selection of customers who may be offered something becomes a mailing list",
    "version": "19.0.1.0.0",
    "category": "Marketing/Email Marketing",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_purchase", "mass_mailing"],
    "data": ["views/crm_customer_purchase_views.xml", "views/crm_customer_suggestion_views.xml"],
    "auto_install": True,
}
