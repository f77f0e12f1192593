{
    "name": "CRM Customer Health",
    "summary": "Does this customer pay, how late, how much is at stake, and why do we say so",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_accounting_bridge"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_customer_health_security.xml",
        "data/ir_cron_data.xml",
    ],
    "post_init_hook": "post_init_hook",
}
