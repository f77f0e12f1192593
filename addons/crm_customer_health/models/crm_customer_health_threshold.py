import itertools

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmCustomerHealthThreshold(models.Model):
    """From which overdue amount, and for how many days, a customer needs action."""

    _name = "crm.customer.health.threshold"
    _description = "Customer Health Threshold"
    _order = "amount desc, id"

    policy_id = fields.Many2one(
        "crm.customer.health.policy", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="policy_id.currency_id")
    amount = fields.Monetary(
        required=True, help="Overdue amount from which action is needed, in company currency."
    )
    days = fields.Integer(
        required=True, default=1, help="For how many days at least the amount is overdue."
    )

    _positive = models.Constraint(
        "CHECK (amount > 0 AND days > 0)", "A threshold needs an amount and days above zero."
    )

    @api.constrains("amount", "days", "policy_id")
    def _check_order(self):
        for policy in self.policy_id:
            thresholds = policy.threshold_ids.sorted("amount")
            for smaller, larger in itertools.pairwise(thresholds):
                if smaller.amount == larger.amount or smaller.days <= larger.days:
                    raise ValidationError(
                        self.env._(
                            "The thresholds contradict each other: an amount of %(larger)s after"
                            " %(larger_days)s days and one of %(smaller)s after %(smaller_days)s"
                            " days. A smaller amount must be allowed more days.",
                            larger=larger.currency_id.format(larger.amount),
                            larger_days=larger.days,
                            smaller=smaller.currency_id.format(smaller.amount),
                            smaller_days=smaller.days,
                        )
                    )

    @api.depends("amount", "days")
    def _compute_display_name(self):
        for threshold in self:
            threshold.display_name = self.env._(
                "%(amount)s for %(days)s days",
                amount=threshold.currency_id.format(threshold.amount),
                days=threshold.days,
            )

    @api.model_create_multi
    def create(self, vals_list):
        policies = self.env["crm.customer.health.policy"].browse(
            [vals["policy_id"] for vals in vals_list if vals.get("policy_id")]
        )
        policies._track_thresholds()
        thresholds = super().create(vals_list)
        thresholds.policy_id._recompute_customers()
        return thresholds

    def write(self, vals):
        self.policy_id._track_thresholds()
        result = super().write(vals)
        self.policy_id._recompute_customers()
        return result

    def unlink(self):
        policies = self.policy_id
        policies._track_thresholds()
        result = super().unlink()
        policies._recompute_customers()
        return result
