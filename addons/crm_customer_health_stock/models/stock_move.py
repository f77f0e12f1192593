from odoo import models


class StockMove(models.Model):
    """Goods of an order stay on hold wherever they travel: the hold goes by the move's order."""

    _inherit = "stock.move"

    def write(self, vals):
        """Who may not override a hold does not get round it by another transfer or order line."""
        if vals.keys().isdisjoint(("picking_id", "sale_line_id")):
            return super().write(vals)
        guarded_sudo = self.picking_id._get_guarded()
        former = {move: move.picking_id for move in self.sudo() if move.picking_id in guarded_sudo}
        result = super().write(vals)
        if moving := [move for move in former if move.state not in ("done", "cancel")]:
            pickings = self.env["stock.picking"]
            for move in moving:
                if not move.picking_id:
                    pickings._raise_escaped(former[move])
            pickings._refuse_escape(guarded_sudo.union(*(move.picking_id for move in moving)))
        return result

    def _get_held_orders(self):
        """The orders of these moves whose payers are on hold where that blocks deliveries.

        :return: with full rights; the payer of the transfer is looked at by the transfer itself.
        """
        orders_sudo = self.sudo().sale_line_id.order_id  # the warehouse may see no orders
        held_sudo = orders_sudo.browse()
        for company, orders in orders_sudo.grouped("company_id").items():
            if self.env["stock.picking"]._get_hold_mode(company) == "block":
                holds = orders.partner_invoice_id._get_holds(company)
                held_sudo |= orders.filtered(
                    lambda order, holds=holds: order.partner_invoice_id.id in holds
                )
        return held_sudo
