{
    "name": "CRM Accounting Bridge - Sales Orders",
    "summary": "Opportunities follow their quotations, orders and the orders' invoices",
    "version": "19.0.1.1.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_accounting_bridge", "sale_crm"],
    "data": ["views/crm_lead_views.xml", "views/sale_order_views.xml"],
    "demo": ["demo/sale_order_demo.xml"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
