from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    # Settlements are listed by date, the newest first.
    _receivable_max_date_idx = models.Index("(max_date, id)")

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._collect_receivable_changes()
        return partials

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("amount", "exchange_move_id")):
            # Only by the exchange entry another settlement is known as an exchange difference.
            self._collect_receivable_changes()
        return result

    def unlink(self):
        self._collect_receivable_changes()
        return super().unlink()

    def _collect_receivable_changes(self):
        """By entry: the items may be gone at the end of the transaction."""
        self.env["account.receivable.change"]._collect(
            moves=(self.debit_move_id | self.credit_move_id).move_id | self.exchange_move_id
        )
