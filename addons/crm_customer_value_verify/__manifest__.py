{
    "name": "CRM Customer Value - Verify",
    "summary": "Costs, cost to serve and past value of every customer, against the journals",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health_verify", "crm_customer_value"],
    "auto_install": True,
}
