{
    "name": "CRM Customer Value - Dashboard",
    "summary": "Profit and Value: margin, cost to serve, profit and lifetime value at a glance",
    "version": "19.0.1.0.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_value", "crm_customer_health_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml"],
    "auto_install": True,
}
