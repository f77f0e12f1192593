{
    "name": "CRM Customer Value - Holds",
    "summary": "Overrides of a hold are a driver of the cost to serve",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_hold", "crm_customer_value"],
    "auto_install": True,
}
