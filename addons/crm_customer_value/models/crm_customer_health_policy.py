from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmCustomerHealthPolicy(models.Model):
    _inherit = "crm.customer.health.policy"

    margin_weight = fields.Float(
        default=10, tracking=True, help="Weight of the margin in the health score."
    )
    margin_full_rate = fields.Float(
        "Best Margin (%)",
        default=40,
        tracking=True,
        help="Margin, in percent of the revenue of a year, that counts 100; none counts 0.",
    )
    value_discount_rate = fields.Float(
        "Discount Rate (%)",
        default=10,
        tracking=True,
        help="What money costs a year, in percent: for present values.",
    )
    value_horizon_years = fields.Integer(
        "Horizon (Years)",
        default=3,
        tracking=True,
        help="So many years ahead the expected value of a customer looks.",
    )
    contract_category_ids = fields.Many2many(
        "res.partner.category",
        string="Contract Customers",
        help="Customers with these tags are under contract: they stay or leave once a year.",
    )

    @api.constrains("margin_full_rate", "value_discount_rate", "value_horizon_years")
    def _check_value(self):
        for policy in self:
            if not 0 < policy.margin_full_rate <= 100:
                raise ValidationError(self.env._("The best margin is above 0 % and at most 100 %."))
            if not 0 <= policy.value_discount_rate <= 100:
                raise ValidationError(self.env._("The discount rate is between 0 % and 100 %."))
            if not 1 <= policy.value_horizon_years <= 10:
                raise ValidationError(self.env._("The horizon is between 1 and 10 years."))

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("margin_weight", "margin_full_rate")):
            self._recompute_customers()
        return result
