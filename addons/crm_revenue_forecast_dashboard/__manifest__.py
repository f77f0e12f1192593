{
    "name": "CRM Revenue Forecast - Dashboard",
    "summary": "Cash to Come: sales by phase, 13 weeks of cash with their band, who is late",
    "version": "19.0.1.1.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_revenue_forecast", "crm_customer_health_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml"],
    "auto_install": True,
}
