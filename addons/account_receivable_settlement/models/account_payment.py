from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    # Often there are none: then nothing that payments without journal entry concern is read.
    _receivable_unposted_idx = models.Index("(id) WHERE move_id IS NULL")
