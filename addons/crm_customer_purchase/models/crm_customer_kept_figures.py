from odoo import fields, models

from odoo.addons.crm_customer_health.figure import COUNTED, MEASURED


class CrmCustomerKeptFigures(models.AbstractModel):
    """How broad a customer's purchases are; month ends keep it."""

    _inherit = "crm.customer.kept.figures"

    product_count = fields.Integer(
        "Products",
        readonly=True,
        aggregator="avg",
        help="How many products the customer bought in twelve months.",
        figure=COUNTED,
    )
    category_count = fields.Integer(
        "Categories",
        readonly=True,
        aggregator="avg",
        help="How many product categories the customer bought from in twelve months.",
        figure=COUNTED,
    )
    product_concentration = fields.Float(
        "Concentration",
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        help="Herfindahl index of the products bought in twelve months: 1 is one product only, near"
        " 0 many products of like weight.",
        figure=MEASURED,
    )
    main_category_id = fields.Many2one(
        "product.category",
        readonly=True,
        help="The product category that brought most in twelve months.",
        figure=MEASURED,
    )
