{
    "name": "CRM Customer Health - Verify",
    "summary": "Every customer's kept figures against the journals",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account_receivable_verify", "crm_customer_health"],
    "auto_install": True,
}
