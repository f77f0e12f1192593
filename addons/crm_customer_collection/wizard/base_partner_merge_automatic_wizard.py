from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        self._merge_flags(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _merge_flags(self, src_partners, dst_partner):
        """One open flag is left in each company, for a customer can only have one: that of who
        stays, else the oldest. It counts from the first of them.
        """
        flags = (
            self.env["crm.customer.flag"]
            .sudo()  # who merges contacts may see no flags
            .search(
                [
                    ("partner_id", "in", (src_partners | dst_partner).ids),
                    ("closed_on", "=", False),
                ],
                order="id",
            )
        )
        for flags_of_company in flags.grouped("company_id").values():
            of_destination = flags_of_company.filtered(lambda flag: flag.partner_id == dst_partner)
            kept = (of_destination or flags_of_company)[0]
            kept.write(
                {
                    "flagged_on": min(flags_of_company.mapped("flagged_on")),
                    "told_on": min(flags_of_company.mapped("told_on")),
                }
            )
            (flags_of_company - kept)._close("merged")
        flags.flush_model()
