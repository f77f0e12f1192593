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
        self._merge_effects(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _merge_effects(self, src_partners, dst_partner):
        """Of two rows of a product one stays where revenue is computed still: the targeted one.
        What is done with stays as it was, the sums with it.
        """
        self.env.flush_all()
        row = self.env["crm.customer.list.effect.row"]
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_customer_list_effect_row listed
                 USING crm_customer_list_effect_row kept, crm_customer_list_effect effect
                 WHERE effect.id = listed.effect_id AND effect.state = 'running'
                   AND kept.effect_id = listed.effect_id
                   AND listed.partner_id = ANY(%(partners)s) AND kept.partner_id = ANY(%(partners)s)
                   AND %(same)s
                   AND (kept.side = 'targeted', kept.partner_id = %(stays)s, kept.id)
                       > (listed.side = 'targeted', listed.partner_id = %(stays)s, listed.id)
                """,
                partners=list((src_partners | dst_partner).ids),
                stays=dst_partner.id,
                same=SQL(" AND ").join(
                    SQL("kept.%(name)s IS NOT DISTINCT FROM listed.%(name)s", name=name)
                    for name in map(SQL.identifier, row._get_item_columns())
                ),
            )
        )
        row.invalidate_model()
