{
    "name": "Test: Another Figure of a Customer",
    "summary": "Adds a figure as an addon of somebody else would",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health"],
}
