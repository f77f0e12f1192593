"""What can be said of a deal's money, from nothing to paid, and where a deal goes for it."""

#: Values of ``crm.lead.billing_status`` and ``crm.stage.billing_status``, in funnel order.
BILLING_STATUSES = [
    ("none", "Not Invoiced"),
    ("quoted", "Quotation Sent"),
    ("ordered", "Ordered"),
    ("partially_invoiced", "Partly Invoiced"),
    ("invoiced", "Invoiced"),
    ("partially_paid", "Partly Paid"),
    ("overdue", "Overdue"),
    ("paid", "Paid"),
    ("credited", "Credited"),
]

#: For a status that no stage is mapped to: whose stage it uses instead, the nearest first.
STAGE_FALLBACKS = {
    "partially_invoiced": ("invoiced", "ordered"),
    "invoiced": ("ordered",),
    "partially_paid": ("invoiced", "ordered"),
    "overdue": ("invoiced", "ordered"),
    "paid": ("invoiced", "ordered"),
}

#: Statuses that only posted invoices bring about: their stages are accounting's, beyond "Won".
INVOICED_STATUSES = ("partially_invoiced", "invoiced", "partially_paid", "overdue", "paid")

#: Who may see a deal's figures. Reading the deal itself is not enough: other addons let portal
#: partners read opportunities that were assigned to them.
BILLING_GROUPS = "sales_team.group_sale_salesman,account.group_account_invoice"
