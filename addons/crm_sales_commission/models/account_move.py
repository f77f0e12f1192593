from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        if "invoice_user_id" not in vals:
            return super().write(vals)
        before = [move.invoice_user_id for move in self]
        result = super().write(vals)
        changed = self.browse().union(
            *(move for move, user in zip(self, before, strict=True) if move.invoice_user_id != user)
        )
        # A credit note counts for the salesperson of the invoice that it reverses.
        documents = changed | changed.reversal_move_ids
        self.env["crm.commission.event"]._collect_documents(
            documents.filtered(lambda move: move.state == "posted")
        )
        return result
