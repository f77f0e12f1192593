from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        queue = self.env["crm.customer.health.queue"]
        if "partner_id" in vals:
            queue._enqueue_partners(self.partner_id)
        result = super().write(vals)
        if not vals.keys().isdisjoint(("account_id", "date_maturity", "partner_id")):
            queue._enqueue_lines(self)
        return result
