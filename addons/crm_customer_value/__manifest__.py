{
    "name": "CRM Customer Value",
    "summary": "What a customer is worth: cost, profit, cost to serve, expected value",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health"],
    "data": [
        "security/crm_customer_value_groups.xml",
        "data/ir_cron_data.xml",
        "views/account_move_views.xml",
        "views/product_template_views.xml",
        "report/account_invoice_report_views.xml",
    ],
    "post_init_hook": "post_init_hook",
}
