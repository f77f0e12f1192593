from odoo import api, fields, models


class CrmCommissionLevel(models.Model):
    _name = "crm.commission.level"
    _description = "Commission Level"
    _order = "plan_id, start"

    plan_id = fields.Many2one("crm.commission.plan", required=True, ondelete="cascade", index=True)
    start = fields.Float(
        "From",
        required=True,
        digits=(16, 2),
        help="Where the level begins: an amount of sales without taxes in company currency, or per"
        " cent of the target.",
    )
    rate = fields.Float(digits=(16, 4), required=True, help="Per cent of the sales.")

    _start_uniq = models.UniqueIndex("(plan_id, start)", "Two levels begin at the same point.")
    _start_positive = models.Constraint("CHECK(start >= 0)", "A level begins at 0 or above.")
    _rate_range = models.Constraint(
        "CHECK(rate BETWEEN 0 AND 100)", "A commission rate is between 0 and 100 per cent."
    )

    @api.model_create_multi
    def create(self, vals_list):
        levels = super().create(vals_list)
        levels.plan_id._check_not_locked()
        return levels

    def write(self, vals):
        self.check_access("write")
        self.plan_id._check_not_locked()
        result = super().write(vals)
        self.plan_id._check_not_locked()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        self.plan_id._check_not_locked()
