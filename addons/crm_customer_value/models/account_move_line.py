from odoo import fields, models

#: Who sees what something costs, and what is earned with it.
COST_GROUP = "crm_customer_value.crm_customer_value_group_cost"


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    cost = fields.Monetary(
        readonly=True,
        copy=False,
        currency_field="company_currency_id",
        groups=COST_GROUP,
        help="What the sold goods or services cost, in the company's currency, as it was when the"
        " invoice was posted; negative on credit notes.",
    )
    cost_source = fields.Selection(
        [
            ("cogs", "Cost of Goods Sold"),
            ("delivery", "Delivery"),
            ("order", "Order"),
            ("product", "Product"),
            ("none", "Unknown"),
        ],
        "Source of Cost",
        readonly=True,
        copy=False,
        groups=COST_GROUP,
        help="Where the cost comes from. Unknown: it is left out of margins.",
    )
    cost_is_estimated = fields.Boolean(
        readonly=True,
        copy=False,
        groups=COST_GROUP,
        help="A cost of today had to serve for an older invoice, or the goods are not delivered"
        " yet.",
    )
