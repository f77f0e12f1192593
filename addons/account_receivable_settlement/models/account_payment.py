from odoo import api, models

#: What a payment without journal entry is read by.
_READ = {
    "amount",
    "currency_id",
    "date",
    "invoice_ids",
    "move_id",
    "payment_type",
    "state",
}


class AccountPayment(models.Model):
    _inherit = "account.payment"

    # Often there are none: then nothing that payments without journal entry concern is read.
    _receivable_unposted_idx = models.Index("(id) WHERE move_id IS NULL")

    @api.model_create_multi
    def create(self, vals_list):
        payments = super().create(vals_list)
        if any(vals.get("invoice_ids") for vals in vals_list):
            payments._collect_receivable_changes()
        return payments

    def write(self, vals):
        if vals.keys().isdisjoint(_READ):
            return super().write(vals)
        self._collect_receivable_changes()
        result = super().write(vals)
        self._collect_receivable_changes()
        return result

    def unlink(self):
        self._collect_receivable_changes()
        return super().unlink()

    def _collect_receivable_changes(self):
        """Without a journal entry there is no reconciliation that would tell of a payment."""
        unposted = self.filtered(
            lambda payment: not payment.move_id and payment.state in ("in_process", "paid")
        )
        self.env["account.receivable.change"]._collect(moves=unposted.invoice_ids)
