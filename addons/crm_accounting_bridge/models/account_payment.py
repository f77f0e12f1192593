from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("amount", "currency_id", "date", "invoice_ids")):
            # Without a journal entry there is no reconciliation that would tell of the change.
            self.filtered(lambda payment: not payment.move_id).invoice_ids._refresh_opportunities()
        return result
