from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("partner_id", "partner_invoice_id")):
            # Who changes the payer may have no right to deliveries.
            self.sudo().picking_ids._forget_override_of_others()
        return result
