from odoo import models

from odoo.addons.crm_customer_value.models.account_invoice_cost import READER


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        """What was invoiced before it was delivered gets the cost of its delivery, once."""
        moves = super()._action_done(cancel_backorder)
        # The cost is no business of who delivers.
        lines = moves.sale_line_id.sudo().invoice_lines.filtered("cost_is_estimated")
        if lines:
            self.env["account.receivable.change"]._collect_keys(
                READER, {(line.company_id.id, line.move_id.id) for line in lines}
            )
        return moves
