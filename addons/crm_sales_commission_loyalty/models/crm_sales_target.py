from odoo import api, fields, models
from odoo.fields import Domain


class CrmSalesTarget(models.Model):
    _inherit = "crm.sales.target"

    promotion_count = fields.Integer("Promotions", compute="_compute_promotion_count")

    @api.depends("company_id")
    def _compute_promotion_count(self):
        promotions = self.env["crm.sales.promotion"].search(self._get_list_domains()["promotions"])
        for target in self:
            # Of all companies, of this one, or of one above it.
            companies = target.company_id.sudo().parent_ids
            target.promotion_count = len(
                promotions.filtered(
                    lambda row, own=companies: not row.company_id or row.company_id in own
                )
            )

    @api.model
    def _get_list_domains(self):
        today = self.env.company._get_today()
        return super()._get_list_domains() | {
            "promotions": (Domain("date_from", "=", False) | Domain("date_from", "<=", today))
            & (Domain("date_to", "=", False) | Domain("date_to", ">=", today)),
        }

    def action_view_promotions(self):
        """Open what customers are offered today."""
        return self._get_list_action(
            "crm_sales_commission_loyalty.crm_sales_promotion_action",
            self.env._("Promotions"),
            self._get_list_domains()["promotions"]
            & (
                Domain("company_id", "=", False)
                | Domain("company_id", "parent_of", self.company_id.ids)
            ),
        )
