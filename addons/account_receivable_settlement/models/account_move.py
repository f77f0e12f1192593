from odoo import models

#: What a posted entry is read by, and what it can be changed by.
_READ = {
    "date",
    "invoice_date",
    "invoice_date_due",
    "matched_payment_ids",
    "origin_payment_id",
    "partner_id",
    "payment_state",
    "state",
    "statement_line_id",
}


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        if vals.keys().isdisjoint(_READ):
            return super().write(vals)
        changes = self.env["account.receivable.change"]
        if not vals.keys().isdisjoint(("partner_id", "state")):
            # A drafted entry may be changed, given to somebody else, or deleted before the commit.
            changes._collect_before(moves=self._filtered_posted())
        payments = self.matched_payment_ids if "matched_payment_ids" in vals else None
        result = super().write(vals)
        changes._collect(moves=self._filtered_once_posted())
        if payments and (removed := payments - self.matched_payment_ids):
            # Its other invoices get more of a payment without journal entry.
            changes._collect(moves=removed.invoice_ids)
        return result

    def unlink(self):
        changes = self.env["account.receivable.change"]
        changes._collect_before(moves=self._filtered_posted())
        changes._collect(moves=self.matched_payment_ids.invoice_ids)
        return super().unlink()

    def _filtered_posted(self):
        return self.filtered(lambda move: move.state == "posted")

    def _filtered_once_posted(self):
        """Entries that may be read: a drafted one keeps what it was reconciled with."""
        return self.filtered(lambda move: move.state == "posted" or move.posted_before)
