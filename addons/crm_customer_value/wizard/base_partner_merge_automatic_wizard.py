from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """What merged customers cost to serve is what each of them did."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # Both may have a row of the same month, and Odoo would meet the unique key.
        self.env["crm.customer.service"].sudo()._merge_rows(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)
