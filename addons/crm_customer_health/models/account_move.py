from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        queue = self.env["crm.customer.health.queue"]
        if "state" in vals:
            queue._enqueue_moves(self)
        elif not vals.keys().isdisjoint(
            ("date", "invoice_date", "matched_payment_ids", "payment_state")
        ):
            queue._enqueue_moves(self.filtered(lambda move: move.state == "posted"))
        return result
