from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # Few invoices are booked under another date than their own; settlements of a period look for
    # them.
    _receivable_other_date_idx = models.Index(
        "(invoice_date) WHERE display_type = 'payment_term' AND invoice_date != date"
    )
