from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def write(self, vals):
        result = super().write(vals)
        if "exchange_move_id" in vals:
            # Only now the other settlement of the invoice is known as an exchange difference.
            lines = self.debit_move_id | self.credit_move_id
            lines.move_id._refresh_opportunities()
        return result

    def unlink(self):
        # A payment's loss is rounded along its settlements: the remaining ones may change, too.
        moves = (self.debit_move_id | self.credit_move_id).move_id
        moves._refresh_reconciled_opportunities()
        result = super().unlink()
        moves.exists()._refresh_opportunities()
        return result
