from odoo import fields, models


class SaleOrder(models.Model):
    """A confirmed order does not get a payer for whom it could not have been confirmed."""

    _inherit = "sale.order"

    partner_invoice_id = fields.Many2one(tracking=True)

    def write(self, vals):
        if vals.keys().isdisjoint(("partner_id", "partner_invoice_id")):
            return super().write(vals)
        confirmed = self.browse()
        if not self._may_override_hold():
            confirmed = self.filtered(lambda order: order.state == "sale")
        payers = confirmed._get_payers()
        result = super().write(vals)
        confirmed._check_new_payers(payers)
        return result

    def _get_payers(self) -> dict:
        return {
            order: order.sudo()._get_hold_customer().commercial_partner_id  # may be hidden
            for order in self
        }

    def _check_new_payers(self, old_payers: dict):
        """Refuse as at confirmation.

        :raise UserError: for orders whose new payer is on hold.
        """
        new_payers = self._get_payers()
        changed = self.filtered(lambda order: new_payers[order] != old_payers[order])
        for company, orders in changed.grouped("company_id").items():
            if self._get_hold_mode(company) == "block":
                reasons = orders._get_hold_reasons_in(company)
                self._refuse_held(
                    {order: reasons[order.id] for order in orders if order.id in reasons}
                )
