{
    "name": "Receivable Settlements",
    "summary": "What the journals say of receivables: what is open, what was settled, when and how",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account"],
    "data": [
        "security/ir.model.access.csv",
        "security/account_receivable_settlement_security.xml",
        "data/ir_cron_data.xml",
        "views/account_receivable_change_views.xml",
        "views/account_receivable_settlement_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
}
