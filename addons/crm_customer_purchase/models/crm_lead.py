from odoo import api, models


class CrmLead(models.Model):
    """An opportunity shows what its customer buys."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.customer.purchase.panel"]

    @api.depends("partner_id", "company_id")
    def _compute_purchase_panel(self):
        return super()._compute_purchase_panel()

    @api.depends("partner_id", "company_id")
    def _compute_suggestion_ids(self):
        return super()._compute_suggestion_ids()
