{
    "name": "Customer Statements",
    "summary": "What a customer owes, instalment by instalment: on paper, by e-mail, in the portal",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["account_receivable_settlement"],
    "data": [
        "report/account_receivable_statement_templates.xml",
        "report/account_receivable_statement_report.xml",
        "data/mail_template_data.xml",
        "views/portal_templates.xml",
        "views/res_partner_views.xml",
    ],
}
