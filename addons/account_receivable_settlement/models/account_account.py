from odoo import models


class AccountAccount(models.Model):
    _inherit = "account.account"

    def write(self, vals):
        # Its type, or how Accounting marked it, tells how entries are read.
        with self.env["account.receivable.change"]._watch_settings(self, vals):
            return super().write(vals)
