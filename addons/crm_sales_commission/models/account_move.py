from odoo import models

#: What says whose sale a document without a deal is.
_WHOSE = ("invoice_user_id", "reversed_entry_id")


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        if vals.keys().isdisjoint(_WHOSE):
            return super().write(vals)
        before = [[move[name] for name in _WHOSE] for move in self]
        result = super().write(vals)
        changed = self.browse().union(
            *(
                move
                for move, values in zip(self, before, strict=True)
                if [move[name] for name in _WHOSE] != values
            )
        )
        # A credit note counts for the salesperson of the invoice that it reverses.
        (changed | changed.reversal_move_ids)._collect_commission()
        return result

    def unlink(self):
        notes = self.reversal_move_ids - self
        result = super().unlink()
        notes._collect_commission()
        return result

    def _collect_commission(self):
        """Whose sale these are may have changed."""
        self.env["crm.commission.event"]._collect_documents(
            self.filtered(lambda move: move.state == "posted")
        )
