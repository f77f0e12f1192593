from odoo import fields, models


class CrmCustomerHealthPolicy(models.Model):
    """What a hold means for a company's deliveries."""

    _inherit = "crm.customer.health.policy"

    delivery_hold = fields.Selection(
        [
            ("off", "Not Shown"),
            ("warn", "Warn"),
            ("block", "Block Validation"),
        ],
        string="Deliveries",
        default="block",
        required=True,
        tracking=True,
        help="What happens to deliveries to customers that need action. Warn: a banner says what is"
        " owed. Block: they cannot be validated, either, until the customer has paid or somebody"
        " with the right overrides the hold.",
    )
    delivery_user_id = fields.Many2one(
        "res.users",
        string="Notify on Release",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        tracking=True,
        help="Who in the warehouse is told that deliveries may go, for those without a"
        " responsible.",
    )
