from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    is_without_cost = fields.Boolean(
        "Costs Nothing",
        groups="crm_customer_value.crm_customer_value_group_cost",
        help="Its cost is known and is zero: a discount, a deposit, a fee. Else a product without"
        " cost counts as cost unknown.",
    )
