{
    "name": "CRM Customer Value - Collection",
    "summary": "Flags of overdue customers are a driver of the cost to serve",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_collection", "crm_customer_value"],
    "auto_install": True,
}
