from odoo import models


class SaleOrder(models.Model):
    """Who pays for an order decides whether its deliveries are on hold."""

    _inherit = "sale.order"

    def write(self, vals):
        if vals.keys().isdisjoint(("partner_id", "partner_invoice_id")):
            return super().write(vals)
        # Who changes the payer may have no right to deliveries.
        pickings_sudo = self.sudo().picking_ids
        guarded_sudo = pickings_sudo.with_env(self.env)._get_guarded()
        result = super().write(vals)
        pickings_sudo._forget_override_of_others()
        self.env["stock.picking"]._refuse_escape(guarded_sudo)
        return result
