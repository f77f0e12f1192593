from odoo import models
from odoo.tools import SQL


class AccountInvoiceCost(models.AbstractModel):
    _inherit = "account.invoice.cost"

    def _get_cost_sources(self):
        """Further sources: the cost of goods sold that the ledger has for the line, and the value
        of its deliveries.
        """
        return super()._get_cost_sources() | {
            # Of the two entries of a line the one that is not the stock's; the ledger's sign is
            # ours: negative on credit notes.
            "cogs": SQL(
                """
                SELECT SUM(entry.balance) AS cost
                  FROM account_move_line entry
                  JOIN account_account account ON account.id = entry.account_id
                 WHERE entry.cogs_origin_id = line.id
                   AND entry.display_type = 'cogs'
                   AND account.account_type NOT LIKE 'asset%%'
                   AND account.account_type NOT LIKE 'liability%%'
                """
            ),
            # A kit's components are other products: their value is that of the delivered kits.
            "delivery": SQL(
                """
                SELECT SUM(delivered.value)
                       / NULLIF(CASE WHEN BOOL_AND(delivered.is_same)
                                     THEN SUM(delivered.quantity)
                                     ELSE SUM(delivered.kits) END, 0)::numeric
                       * line.quantity AS cost
                  FROM (
                    SELECT SUM(move.value) AS value,
                           SUM(move.quantity * COALESCE(move_uom.factor, 1)
                               / COALESCE(NULLIF(move_unit.factor, 0), 1)) AS quantity,
                           BOOL_AND(move.product_id = line.product_id) AS is_same,
                           MAX(order_line.qty_delivered * COALESCE(order_uom.factor, 1)
                               / COALESCE(NULLIF(unit.factor, 0), 1)) AS kits
                      FROM sale_order_line_invoice_rel link
                      JOIN sale_order_line order_line ON order_line.id = link.order_line_id
                      JOIN stock_move move ON move.sale_line_id = order_line.id
                      JOIN stock_location destination ON destination.id = move.location_dest_id
                      JOIN product_product moved ON moved.id = move.product_id
                      JOIN product_template moved_template
                        ON moved_template.id = moved.product_tmpl_id
                      LEFT JOIN uom_uom move_unit ON move_unit.id = moved_template.uom_id
                      LEFT JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      LEFT JOIN uom_uom unit ON unit.id = template.uom_id
                      LEFT JOIN uom_uom order_uom ON order_uom.id = order_line.product_uom_id
                     WHERE link.invoice_line_id = line.id
                       AND order_line.product_id = line.product_id
                       AND move.state = 'done'
                       AND destination.usage = 'customer'
                     GROUP BY order_line.id
                       ) delivered
                HAVING SUM(delivered.value) != 0
                """
            ),
        }

    def _get_is_provisional_sql(self):
        """Goods that are invoiced before they are delivered: the delivery's value comes."""
        return SQL(
            """
            %s OR frozen.source IN ('order', 'product') AND NOT frozen.is_free AND EXISTS (
                SELECT FROM sale_order_line_invoice_rel link
                  JOIN stock_move move ON move.sale_line_id = link.order_line_id
                 WHERE link.invoice_line_id = frozen.id
                   AND move.state NOT IN ('done', 'cancel'))
            """,
            super()._get_is_provisional_sql(),
        )
