{
    "name": "Test: IBM Accounts Receivable",
    "summary": "A public data set goes through import, customers and forecast",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_accounting_import", "crm_revenue_forecast"],
}
