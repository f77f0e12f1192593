{
    "name": "CRM Customer Purchases - Sales Orders",
    "summary": "Quotations show what the customer buys; a click adds what it could buy",
    "version": "19.0.1.1.2",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_purchase", "sale"],
    "data": ["views/sale_order_views.xml"],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
