{
    "name": "CRM Customer Collection - Verify",
    "summary": "Flags, promises and kept days, against the journals",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health_verify", "crm_customer_collection"],
    "auto_install": True,
}
