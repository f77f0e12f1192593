{
    "name": "CRM Customer Hold",
    "summary": "Whether a customer is on hold, who decided, and who let what pass",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_customer_hold_override_security.xml",
        "data/ir_default_data.xml",
        "views/crm_customer_hold_override_views.xml",
        "wizard/crm_customer_hold_override_wizard_views.xml",
        "views/crm_customer_hold_menus.xml",
        "views/res_partner_views.xml",
    ],
}
