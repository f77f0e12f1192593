{
    "name": "CRM Revenue Forecast - Sales Orders",
    "summary": "What of orders is still to be delivered and invoiced, and when it will be paid",
    "version": "19.0.1.1.1",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_revenue_forecast", "crm_accounting_bridge_sale"],
    "data": ["views/crm_revenue_forecast_views.xml"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
}
