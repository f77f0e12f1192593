{
    "name": "Receivables - Verify",
    "summary": "Recompute every kept figure plainly from the journals: difference 0.00",
    "version": "19.0.1.0.1",
    "category": "Accounting/Accounting",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account_receivable_settlement"],
    "data": [
        "security/ir.model.access.csv",
        "security/account_receivable_verification_security.xml",
        "data/ir_cron_data.xml",
        "views/account_receivable_verification_difference_views.xml",
        "views/account_receivable_verification_views.xml",
        "views/account_receivable_verify_menus.xml",
    ],
}
