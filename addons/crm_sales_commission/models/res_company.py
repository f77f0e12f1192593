from odoo import fields, models

#: Who sets how commission is counted.
_GROUPS = "sales_team.group_sale_manager,base.group_system"
#: What commission is computed by.
_READ = {"commission_counts_discount", "commission_waits_for_bank"}


class ResCompany(models.Model):
    _inherit = "res.company"

    commission_counts_discount = fields.Boolean(
        "Commission on Early-Payment Discounts",
        groups=_GROUPS,
        help="What customers deduct for paying early counts as paid for commission.",
    )
    commission_waits_for_bank = fields.Boolean(
        "Commission Waits for the Bank",
        groups=_GROUPS,
        help="A registered payment counts for commission once it is matched with the bank"
        " statement.",
    )
    commission_period = fields.Selection(
        [("month", "Month"), ("quarter", "Quarter")],
        default="month",
        groups=_GROUPS,
        help="How often commission statements are drawn up.",
    )

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(_READ):
            self.env["crm.commission.event"]._collect_everything(self)
        return result
