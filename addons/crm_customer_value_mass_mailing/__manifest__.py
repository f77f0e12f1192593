{
    "name": "CRM Customer Value - Email Marketing",
    "summary": "Mailings are a driver of the cost to serve",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_value", "mass_mailing"],
    "auto_install": True,
}
