from odoo import api, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    @api.model_create_multi
    def create(self, vals_list):
        payments = super().create(vals_list)
        payments._enqueue_customers()
        return payments

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("amount", "currency_id", "date", "invoice_ids", "state")):
            self._enqueue_customers()
        return result

    def _enqueue_customers(self):
        """Without a journal entry no reconciliation tells that an invoice is being paid."""
        unposted = self.filtered(lambda payment: not payment.move_id)
        self.env["crm.customer.health.queue"]._enqueue_moves(unposted.invoice_ids)
