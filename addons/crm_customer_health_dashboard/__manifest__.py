{
    "name": "CRM Customer Health - Dashboards",
    "summary": "Management, Finance, My Sales and Team: sales, cash and receivables at a glance",
    "version": "19.0.1.1.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_collection", "spreadsheet_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml"],
    "auto_install": True,
}
