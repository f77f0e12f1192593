{
    "name": "CRM Customer Value - Deliveries",
    "summary": "What goods cost by ledger and deliveries; deliveries as cost to serve",
    "version": "19.0.1.1.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_value", "sale_stock"],
    "auto_install": True,
}
