{
    "name": "CRM Accounting Bridge - Verify",
    "summary": "Every deal's kept figures against the journals",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account_receivable_verify", "crm_accounting_bridge"],
    "auto_install": True,
}
