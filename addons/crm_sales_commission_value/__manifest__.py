{
    "name": "CRM Sales Commission - Margin",
    "summary": "Targets of margin, and commission on the margin of what was paid",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_value", "crm_sales_commission"],
    "data": [
        "security/crm_sales_commission_value_security.xml",
        "views/crm_commission_plan_views.xml",
        "views/crm_commission_event_views.xml",
        "views/crm_commission_statement_views.xml",
        "views/crm_commission_report_views.xml",
        "views/crm_sales_target_views.xml",
    ],
    "auto_install": True,
}
