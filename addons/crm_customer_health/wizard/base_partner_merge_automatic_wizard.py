from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids)
        customers = partners | partners.commercial_partner_id
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        # The journal items were moved by SQL, past all hooks.
        self.env["crm.customer.health.queue"]._enqueue_partners(customers.exists())
        return result
