from odoo import fields, models


class CrmCustomerHealthPolicy(models.Model):
    """When a customer's purchases fall, and what similar customers are."""

    _inherit = "crm.customer.health.policy"

    purchase_falling_percent = fields.Integer(
        "Falling Below (%)",
        default=50,
        required=True,
        help="A product falls when the last three months brought less than this part of what three"
        " months brought on average in the nine months before, with three purchases in them.",
    )
    purchase_growing_percent = fields.Integer(
        "Growing From (%)",
        default=150,
        required=True,
        help="A product grows when the last three months brought at least this part of what three"
        " months brought on average in the nine months before, with three purchases in them.",
    )
    suggestion_level = fields.Selection(
        [("product", "Products"), ("category", "Product Categories")],
        "Suggest",
        default="product",
        required=True,
        help="What is suggested to a customer: single products that similar customers buy, or whole"
        " categories of which it buys nothing.",
    )
    suggestion_min_customers = fields.Integer(
        "Similar Customers at Least",
        default=30,
        required=True,
        help="Customers are compared with those of their industry, or else of their country, or"
        " else with all, if there are at least so many that bought something in a year.",
    )
    suggestion_min_buyers = fields.Integer(
        "Buyers of Both at Least",
        default=5,
        required=True,
        help="So many similar customers must buy both products before one is suggested to who buys"
        " the other.",
    )

    _purchase_percents = models.Constraint(
        "CHECK (purchase_falling_percent BETWEEN 0 AND 100 AND purchase_growing_percent >= 100)",
        "Falling is between 0 and 100 %, growing at least 100 %, of what was usual.",
    )
    _suggestion_minimums = models.Constraint(
        "CHECK (suggestion_min_customers >= 2 AND suggestion_min_buyers >= 2)",
        "At least two customers are compared, and two buy both products.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "suggestion_level" in vals:
            # Who sets it may not write when they were computed.
            self.env["crm.customer.suggestion"].sudo()._ask_for_all(self.company_id)
        return result
