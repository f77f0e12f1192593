{
    "name": "CRM Customer Hold - Dashboard",
    "summary": "On Hold: what waits for finance, and what was let pass by whom",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_hold", "crm_customer_health_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml"],
    "auto_install": True,
}
