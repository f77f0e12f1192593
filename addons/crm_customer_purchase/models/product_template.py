from odoo import fields, models


class ProductTemplate(models.Model):
    """Which products say something of what a customer buys."""

    _inherit = "product.template"

    is_left_out_of_mix = fields.Boolean(
        "Not Part of What Customers Buy",
        groups="base.group_user",
        help="For down payments, discounts, roundings, delivery charges and tips: they count in a"
        " customer's revenue, but not among the products that it buys.",
    )
