from odoo import models
from odoo.fields import Domain


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids)
        customers = partners | partners.commercial_partner_id
        has_history = self._is_history_merged(partners, dst_partner)
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        if has_history:
            # Who merges contacts may see no figures of customers.
            self.env["crm.customer.health.snapshot"].sudo()._rebuild(customers.exists())
        return result

    def _update_foreign_keys(self, src_partners, dst_partner):
        # Two rows of a company collide, and Odoo would delete one with all that is on it.
        self.env["crm.customer.health"]._merge_rows(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _is_history_merged(self, partners, dst_partner) -> bool:
        """Whether journal items go from one customer to another: few merges of contacts do that."""
        sources = partners - dst_partner if dst_partner else partners
        return len(partners.commercial_partner_id) > 1 and bool(
            self.env["account.move.line"]
            .sudo()  # whether there is any: nothing of it is shown
            .search_count(
                Domain("account_type", "=", "asset_receivable")
                & (
                    Domain("partner_id", "in", sources.ids)
                    | Domain("partner_id.commercial_partner_id", "in", sources.ids)
                ),
                limit=1,
            )
        )
