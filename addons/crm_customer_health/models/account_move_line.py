from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        if vals.keys().isdisjoint(("account_id", "date_maturity", "partner_id")):
            return super().write(vals)
        queue = self.env["crm.customer.health.queue"]
        posted = self.filtered(lambda line: line.parent_state == "posted")
        # Whose item it was is computed anew as well as whose it is.
        queue._enqueue_customers(
            (line.company_id, line.partner_id)
            for line in posted
            if line.partner_id and line.account_type == "asset_receivable"
        )
        result = super().write(vals)
        queue._enqueue_lines(posted)
        return result
