{
    "name": "CRM Customer Purchases",
    "summary": "What customers buy, have stopped buying, and could buy",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_customer_purchase_security.xml",
        "security/crm_customer_suggestion_security.xml",
        "data/ir_cron_data.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
}
