from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError


class CrmAcquisitionCost(models.Model):
    """What was spent in a month to win customers, by source, medium and campaign."""

    _name = "crm.acquisition.cost"
    _description = "Cost of Winning Customers"
    _order = "month desc, id desc"
    _rec_name = "source_id"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
        help="Any day of the month.",
    )
    source_id = fields.Many2one("utm.source", ondelete="restrict")
    medium_id = fields.Many2one("utm.medium", ondelete="restrict")
    campaign_id = fields.Many2one("utm.campaign", ondelete="restrict")
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        ondelete="set null",
        help="Vendor bills of the month with this account can be taken over.",
    )
    amount = fields.Monetary(required=True)

    _positive = models.Constraint("CHECK(amount >= 0)", "A cost is not negative.")

    def action_take_from_bills(self):
        """Take over what was booked on the analytic account in the month."""
        self.check_access("write")
        # Who sets up the costs need not see journals: one sum of one account in one company.
        lines_sudo = self.env["account.analytic.line"].sudo()
        for cost in self:
            if not cost.analytic_account_id:
                raise UserError(self.env._("Say first which analytic account the bills are on."))
            first = cost.month.replace(day=1)
            [(amount,)] = lines_sudo._read_group(
                [
                    ("auto_account_id", "=", cost.analytic_account_id.id),
                    ("company_id", "=", cost.company_id.id),
                    ("date", ">=", first),
                    ("date", "<", first + relativedelta(months=1)),
                ],
                [],
                ["amount:sum"],
            )
            cost.amount = max(0.0, -amount)
