{
    "name": "CRM Revenue Forecast - Verify",
    "summary": "What the forecast takes as owed, against the journals",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health_verify", "crm_revenue_forecast"],
    "auto_install": True,
}
