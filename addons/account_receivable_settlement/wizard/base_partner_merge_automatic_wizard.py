from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # Journal items, and contacts, change hands by SQL, past all hooks.
        changes = self.env["account.receivable.change"]
        partners = (src_partners | dst_partner)._get_contacts()
        changes._collect_before(partners=partners)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        changes._collect(partners=partners)
        return result
