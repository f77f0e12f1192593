{
    "name": "CRM Customer Purchases - Dashboard",
    "summary": "What Customers Buy: best sellers, what stopped, what is due, what could be sold",
    "version": "19.0.1.0.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_purchase", "crm_customer_health_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml"],
    "auto_install": True,
}
