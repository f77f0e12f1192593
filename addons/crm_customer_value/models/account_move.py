from odoo import models

from .account_invoice_cost import READER


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        if vals.get("state") in ("draft", "cancel"):
            # Its cost is cleared, and frozen anew once it is posted, even in the same transaction.
            self._filtered_posted()._collect_costs()
        return super().write(vals)

    def _collect_costs(self):
        """Have the cost of these documents frozen anew."""
        self.env["account.receivable.change"]._collect_keys(
            READER,
            [
                (move.company_id.id, move.id)
                for move in self
                if move.is_sale_document(include_receipts=True)
            ],
        )
