{
    "name": "CRM Customer Value - Deliveries",
    "summary": "What the ledger and the deliveries say that goods cost",
    "version": "19.0.1.0.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_value", "sale_stock"],
    "auto_install": True,
}
