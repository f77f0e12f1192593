{
    "name": "CRM Accounting Import",
    "summary": "Invoices and payments of another accounting program, from CSV and XLSX",
    "version": "19.0.2.1.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_accounting_bridge"],
    "external_dependencies": {"python": ["chardet", "openpyxl"]},
    "data": [
        "security/ir.model.access.csv",
        "security/accounting_import_security.xml",
        "data/ir_cron_data.xml",
        "views/accounting_import_templates.xml",
        "views/accounting_import_views.xml",
        "views/account_journal_views.xml",
    ],
    "pre_init_hook": "pre_init_hook",
}
