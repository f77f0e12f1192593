{
    "name": "CRM Customer Value - Order Costs",
    "summary": "The cost on the order line is the cost of what is invoiced",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_value", "sale_margin"],
    "auto_install": True,
}
