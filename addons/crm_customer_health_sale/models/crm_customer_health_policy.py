from odoo import fields, models


class CrmCustomerHealthPolicy(models.Model):
    """What a hold means for a company's orders."""

    _inherit = "crm.customer.health.policy"

    order_hold = fields.Selection(
        [
            ("off", "Not Shown"),
            ("warn", "Warn"),
            ("block", "Block Confirmation"),
        ],
        string="Orders",
        default="warn",
        required=True,
        tracking=True,
        help="What happens to quotations of customers that need action. Warn: a banner says what is"
        " owed. Block: they cannot be confirmed, until the customer has paid or somebody"
        " with the right overrides the hold.",
    )
