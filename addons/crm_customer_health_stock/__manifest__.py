{
    "name": "CRM Customer Health - Deliveries",
    "summary": "Deliveries say what the customer owes, and wait while it is on hold",
    "version": "19.0.2.2.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health", "crm_customer_hold", "sale_stock"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_customer_hold_waiting_security.xml",
        "views/crm_customer_health_policy_views.xml",
        "views/stock_picking_views.xml",
        "views/stock_picking_type_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["crm_customer_health_stock/static/tests/tours/**"],
    },
    "demo": ["demo/stock_picking_demo.xml"],
    "auto_install": ["crm_customer_health", "sale_stock"],
    "uninstall_hook": "uninstall_hook",
}
