from odoo import api, fields, models
from odoo.fields import Domain


class CrmSalesTarget(models.Model):
    _inherit = "crm.sales.target"

    shortage_count = fields.Integer("Below Minimum Stock", compute="_compute_shortage_count")

    @api.depends("user_id", "company_id")
    def _compute_shortage_count(self):
        counts = self._count_by_user("crm.sales.shortage", Domain.TRUE)
        for target in self:
            target.shortage_count = counts.get((target.company_id.id, target.user_id._origin.id), 0)

    def action_view_shortages(self):
        """Open what the person sells and runs short of."""
        return self._get_list_action(
            "crm_sales_commission_stock.crm_sales_shortage_action",
            self.env._("Below Minimum Stock"),
            Domain("user_id", "=", self.user_id.id) & Domain("company_id", "=", self.company_id.id),
        )
