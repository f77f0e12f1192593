{
    "name": "CRM Customer Health - Statements",
    "summary": "A customer's statement from its diagnosis, also for its salesperson",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account_receivable_statement", "crm_customer_health"],
    "data": ["views/crm_customer_health_views.xml"],
    "auto_install": True,
}
