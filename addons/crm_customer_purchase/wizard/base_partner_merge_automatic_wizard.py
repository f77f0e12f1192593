from odoo import models
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """What merged customers buy is computed anew for the one that stays."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # Rows of both may be of one product: Odoo would meet the unique key and delete some.
        for table in ("crm_customer_purchase", "crm_customer_suggestion"):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE partner_id = ANY(%s)",
                    SQL.identifier(table),
                    list(src_partners.ids),
                )
            )
        return super()._update_foreign_keys(src_partners, dst_partner)
