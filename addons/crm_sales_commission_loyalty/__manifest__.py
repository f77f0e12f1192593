{
    "name": "CRM Sales Commission - Promotions",
    "summary": "The promotions that run, on each salesperson's page",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_sales_commission", "loyalty"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_sales_promotion_security.xml",
        "report/crm_sales_promotion_views.xml",
        "views/crm_sales_target_views.xml",
    ],
    "auto_install": True,
}
