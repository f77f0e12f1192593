{
    "name": "CRM Sales Commission - Verify",
    "summary": "What everybody earns on every document, against the journals",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account_receivable_verify", "crm_sales_commission"],
    "auto_install": True,
}
