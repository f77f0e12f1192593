{
    "name": "CRM Customer Health - Sales Orders",
    "summary": "Quotations say what the customer owes, and wait while it is on hold",
    "version": "19.0.2.3.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health", "crm_customer_hold", "sale"],
    "data": [
        "data/mail_activity_type_data.xml",
        "views/crm_customer_health_policy_views.xml",
        "views/sale_order_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["crm_customer_health_sale/static/tests/tours/**"],
    },
    "demo": ["demo/sale_order_demo.xml"],
    "auto_install": ["crm_customer_health", "sale"],
    "uninstall_hook": "uninstall_hook",
}
