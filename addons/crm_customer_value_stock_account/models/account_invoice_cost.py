from odoo import models
from odoo.tools import SQL


class AccountInvoiceCost(models.Model):
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
            # What other invoices of the order line took of the deliveries is theirs, and a credit
            # note takes off what they took. A kit's components are other products: their value is
            # that of the delivered kits.
            "delivery": SQL(
                """
                SELECT (CASE WHEN line.quantity > 0
                                  AND BOOL_AND(delivered.quantity > taken.quantity
                                               AND delivered.value > taken.cost)
                             THEN SUM(delivered.value - taken.cost)
                                  / SUM(delivered.quantity - taken.quantity)
                             WHEN SUM(taken.quantity) > 0
                             THEN SUM(taken.cost) / SUM(taken.quantity)
                             ELSE SUM(delivered.value) / NULLIF(SUM(delivered.quantity), 0)
                        END)::numeric * line.quantity AS cost
                  FROM (
                    SELECT order_line.id AS order_line_id,
                           SUM(%(value)s * way.sign)::numeric AS value,
                           (CASE WHEN BOOL_AND(move.product_id = line.product_id)
                                 THEN SUM(move.quantity * COALESCE(move_uom.factor, 1)
                                          / COALESCE(NULLIF(unit.factor, 0), 1) * way.sign)
                                 ELSE MAX(order_line.qty_delivered * COALESCE(order_uom.factor, 1)
                                          / COALESCE(NULLIF(unit.factor, 0), 1))
                            END)::numeric AS quantity
                      FROM sale_order_line_invoice_rel link
                      JOIN sale_order_line order_line ON order_line.id = link.order_line_id
                      JOIN stock_move move ON move.sale_line_id = order_line.id
                      JOIN stock_location source ON source.id = move.location_id
                      JOIN stock_location destination ON destination.id = move.location_dest_id
                     CROSS JOIN LATERAL (
                        -- what comes back is not delivered
                        SELECT (destination.usage = 'customer')::int
                               - (source.usage = 'customer')::int AS sign
                           ) way
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      LEFT JOIN uom_uom unit ON unit.id = template.uom_id
                      LEFT JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                      LEFT JOIN uom_uom order_uom ON order_uom.id = order_line.product_uom_id
                     WHERE link.invoice_line_id = line.id
                       AND order_line.product_id = line.product_id
                       AND move.state = 'done'
                       AND way.sign != 0
                     GROUP BY order_line.id
                       ) delivered
                 CROSS JOIN LATERAL (
                    SELECT COALESCE(SUM(known.cost), 0) AS cost,
                           COALESCE(SUM(
                               CASE WHEN document.move_type = 'out_refund' THEN -1 ELSE 1 END
                               * other.quantity * COALESCE(other_uom.factor, 1)
                               / COALESCE(NULLIF(unit.factor, 0), 1)), 0)::numeric AS quantity
                      FROM sale_order_line_invoice_rel link
                      JOIN account_invoice_cost known ON known.line_id = link.invoice_line_id
                      JOIN account_move_line other ON other.id = known.line_id
                      JOIN account_move document ON document.id = other.move_id
                      JOIN product_product product ON product.id = other.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      LEFT JOIN uom_uom unit ON unit.id = template.uom_id
                      LEFT JOIN uom_uom other_uom ON other_uom.id = other.product_uom_id
                     WHERE link.order_line_id = delivered.order_line_id
                       AND other.id != line.id
                       AND other.product_id = line.product_id
                       AND known.source = 'delivery'
                       ) taken
                HAVING SUM(delivered.value) != 0 OR SUM(taken.cost) != 0
                """,
                value=self._get_move_value_sql(),
            ),
        }

    def _get_move_value_sql(self) -> SQL:
        """Hook: what a done ``move`` is worth, in the company's currency. Drop-shipped goods were
        never in stock, and have no value: they cost what their purchase says.
        """
        if "purchase_line_id" not in self.env["stock.move"]._fields:
            return SQL("move.value")
        return SQL(
            """
            COALESCE(NULLIF(move.value, 0), (
                SELECT purchased.price_subtotal
                       / COALESCE(NULLIF(purchase.currency_rate, 0), 1)
                       / NULLIF(purchased.product_qty * purchased_uom.factor, 0)
                       * move.quantity * COALESCE(move_uom.factor, 1)
                  FROM purchase_order_line purchased
                  JOIN purchase_order purchase ON purchase.id = purchased.order_id
                  JOIN uom_uom purchased_uom ON purchased_uom.id = purchased.product_uom_id
                 WHERE purchased.id = move.purchase_line_id
            ), 0)
            """
        )

    def _get_is_provisional_sql(self):
        """Goods that are invoiced before they are delivered: the delivery's value comes."""
        return SQL(
            """
            %s OR NOT frozen.is_free AND EXISTS (
                SELECT FROM sale_order_line_invoice_rel link
                  JOIN sale_order_line order_line ON order_line.id = link.order_line_id
                  JOIN stock_move move ON move.sale_line_id = order_line.id
                 WHERE link.invoice_line_id = frozen.id
                   AND move.state NOT IN ('done', 'cancel')
                   AND (frozen.source IN ('order', 'product')
                        OR frozen.source = 'delivery'
                           AND order_line.qty_delivered < order_line.qty_invoiced))
            """,
            super()._get_is_provisional_sql(),
        )
