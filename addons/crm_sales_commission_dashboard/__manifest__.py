{
    "name": "CRM Sales Commission - Dashboard",
    "summary": "Targets and Commission: where each stands, and what was earned on what was paid",
    "version": "19.0.1.0.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_sales_commission", "crm_customer_health_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml"],
    "auto_install": True,
}
