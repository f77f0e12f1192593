from odoo import api, fields, models
from odoo.tools import SQL


class CrmSalesShortage(models.Model):
    """Products whose stock is below the minimum of a reordering rule, for each salesperson who sold
    them within a year: on invoices of his deals, or of his own.

    Names and quantities only: salespeople open neither rules nor warehouses.
    """

    _name = "crm.sales.shortage"
    _description = "Product Below Minimum Stock"
    _auto = False
    _order = "missing_quantity desc, id"
    _rec_name = "product_id"
    _depends = {
        "account.move": ["invoice_date", "invoice_user_id", "move_type", "state"],
        "account.move.line": [
            "company_id",
            "display_type",
            "move_id",
            "opportunity_id",
            "product_id",
        ],
        "crm.lead": ["user_id"],
        "stock.location": ["parent_path"],
        "stock.quant": ["location_id", "product_id", "quantity"],
        "stock.warehouse": ["name"],
        "stock.warehouse.orderpoint": [
            "active",
            "company_id",
            "location_id",
            "product_id",
            "product_min_qty",
            "warehouse_id",
        ],
    }

    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    warehouse_name = fields.Char("Warehouse", readonly=True)
    uom_id = fields.Many2one("uom.uom", "Unit", related="product_id.uom_id")
    quantity = fields.Float(
        "On Hand", readonly=True, digits="Product Unit", help="In the warehouse now."
    )
    minimum_quantity = fields.Float("Minimum", readonly=True, digits="Product Unit")
    missing_quantity = fields.Float(
        "Missing", readonly=True, digits="Product Unit", help="Up to the minimum."
    )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            WITH short AS MATERIALIZED (%s)
            SELECT ROW_NUMBER() OVER (ORDER BY short.id, seller.user_id) AS id,
                   seller.user_id, short.company_id, short.product_id, short.warehouse_name,
                   short.quantity, short.minimum_quantity,
                   short.minimum_quantity - short.quantity AS missing_quantity
              FROM short
             CROSS JOIN LATERAL (%s) seller
            """,
            self._get_short_sql(),
            self._get_seller_sql(),
        )

    @api.model
    def _get_short_sql(self) -> SQL:
        """Rules whose location, with those within it, holds less than their minimum."""
        return SQL(
            """
            SELECT rule.id, rule.company_id, rule.product_id, warehouse.name AS warehouse_name,
                   rule.product_min_qty AS minimum_quantity,
                   COALESCE(stock.quantity, 0) AS quantity
              FROM stock_warehouse_orderpoint rule
              JOIN stock_location place ON place.id = rule.location_id
              JOIN stock_warehouse warehouse ON warehouse.id = rule.warehouse_id
              JOIN product_product product ON product.id = rule.product_id AND product.active
              LEFT JOIN LATERAL (
                SELECT SUM(quant.quantity) AS quantity
                  FROM stock_quant quant
                  JOIN stock_location inside ON inside.id = quant.location_id
                 WHERE quant.product_id = rule.product_id
                   AND inside.parent_path LIKE place.parent_path || '%%'
                   ) stock ON TRUE
             WHERE rule.active
               AND COALESCE(stock.quantity, 0) < rule.product_min_qty
            """
        )

    @api.model
    def _get_seller_sql(self) -> SQL:
        """Hook: whose product ``short`` is: ``user_id``."""
        return SQL(
            """
            SELECT DISTINCT COALESCE(lead.user_id, move.invoice_user_id) AS user_id
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              LEFT JOIN crm_lead lead ON lead.id = line.opportunity_id
             WHERE line.product_id = short.product_id
               AND line.company_id = short.company_id
               AND line.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_receipt')
               AND move.state = 'posted'
               AND move.invoice_date > %s
               AND COALESCE(lead.user_id, move.invoice_user_id) IS NOT NULL
            """,
            fields.Date.subtract(self.env.company._get_today(), years=1),
        )
