from odoo import api, models

#: What a journal item is read by, and what amounts are computed from.
_READ = {
    "account_id",
    "amount_currency",
    "balance",
    "credit",
    "currency_id",
    "date_maturity",
    "debit",
    "discount",
    "discount_date",
    "display_type",
    "move_id",
    "partner_id",
    "price_unit",
    "quantity",
    "tax_ids",
    "tax_repartition_line_id",
}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # Few invoices are booked under another date than their own; settlements of a period look for
    # them.
    _receivable_other_date_idx = models.Index(
        "(invoice_date) WHERE display_type = 'payment_term' AND invoice_date != date"
    )
    # Claims that entries moved to another account are looked for among all receivable items.
    _receivable_entry_idx = models.Index(
        "(account_id) WHERE invoice_date IS NULL"
        " AND (balance > 0 OR payment_id IS NULL AND statement_line_id IS NULL)"
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        # On posted entries, too: a bank statement line exchanges the items of its entry.
        lines._collect_receivable_changes()
        return lines

    def write(self, vals):
        if vals.keys().isdisjoint(_READ):
            return super().write(vals)
        if not vals.keys().isdisjoint(("account_id", "move_id", "partner_id")):
            # Whose item it was is computed anew as well as whose it is.
            self._collect_receivables_before()
        result = super().write(vals)
        self._collect_receivable_changes()
        return result

    def unlink(self):
        self._collect_receivables_before()
        self._collect_receivable_changes()
        return super().unlink()

    def _collect_receivables_before(self):
        self.env["account.receivable.change"]._collect_before(moves=self.move_id._filtered_posted())

    def _collect_receivable_changes(self):
        """By entry: the items may be gone at the end of the transaction."""
        self.env["account.receivable.change"]._collect(moves=self.move_id._filtered_once_posted())
