from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        changes = self.env["account.receivable.change"]
        if "state" in vals:
            changes._collect_before(moves=self.filtered(lambda move: move.state == "posted"))
        result = super().write(vals)
        if "state" in vals:
            changes._collect(moves=self)
        return result
