from odoo import models
from odoo.tools import SQL


class AccountInvoiceCost(models.Model):
    _inherit = "account.invoice.cost"

    def _get_cost_sources(self):
        """Further source: the cost on the order line, at the order's rate."""
        return super()._get_cost_sources() | {
            "order": SQL(
                """
                SELECT AVG(order_line.purchase_price
                           / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                           -- per unit of the order line, which may be a dozen
                           / COALESCE(NULLIF(order_uom.factor, 0), 1)
                           * COALESCE(NULLIF(unit.factor, 0), 1))::numeric
                       * line.quantity AS cost
                  FROM sale_order_line_invoice_rel link
                  JOIN sale_order_line order_line ON order_line.id = link.order_line_id
                  JOIN sale_order sale ON sale.id = order_line.order_id
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  LEFT JOIN uom_uom unit ON unit.id = template.uom_id
                  LEFT JOIN uom_uom order_uom ON order_uom.id = order_line.product_uom_id
                 WHERE link.invoice_line_id = line.id
                   AND order_line.product_id = line.product_id
                   AND order_line.purchase_price != 0
                """
            )
        }
