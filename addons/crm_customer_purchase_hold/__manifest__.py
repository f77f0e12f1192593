{
    "name": "CRM Customer Purchases - Holds",
    "summary": "Customers on hold are left out of the lists of whom something may be offered",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_hold", "crm_customer_purchase"],
    "auto_install": True,
}
