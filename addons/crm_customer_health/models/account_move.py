from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        self.env["crm.customer.health.queue"]._enqueue_moves(posted)
        return posted

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("date", "invoice_date", "payment_state", "state")):
            self.env["crm.customer.health.queue"]._enqueue_moves(self)
        return result
