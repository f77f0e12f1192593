from odoo import api, fields, models
from odoo.tools import SQL


class CrmCustomerProfitReport(models.Model):
    """Profit = revenue - cost - cost to serve, by customer and whatever describes it.

    A row per line of an invoice, receipt or credit note, and per customer, month and driver of the
    cost to serve: all groups add up to the company. Company currency. Revenue of which nobody knows
    the cost is apart, and no profit.
    """

    _name = "crm.customer.profit.report"
    _inherit = ["crm.customer.figures"]
    _description = "Profit by Customer"
    _auto = False
    _order = "date desc, id desc"

    date = fields.Date(readonly=True)
    invoice_user_id = fields.Many2one(
        "res.users", "Sold By", readonly=True, help="The invoice's salesperson."
    )
    product_id = fields.Many2one("product.product", readonly=True)
    product_categ_id = fields.Many2one("product.category", "Product Category", readonly=True)
    driver_id = fields.Many2one("crm.service.driver", "Driver of Cost to Serve", readonly=True)
    revenue = fields.Monetary(readonly=True, help="Untaxed, less credit notes.")
    revenue_without_cost = fields.Monetary(
        "Revenue of Unknown Cost",
        readonly=True,
        help="Part of the revenue of which nobody knows the cost: neither margin nor profit.",
    )
    cost = fields.Monetary(
        readonly=True, help="What was sold cost, as it was when the invoices were posted."
    )
    estimated_cost = fields.Monetary(
        readonly=True, help="Part of the cost that is of a later day, or before the delivery."
    )
    margin = fields.Monetary(readonly=True, help="Revenue of known cost less cost.")
    service_amount = fields.Monetary("Cost to Serve", readonly=True)
    profit = fields.Monetary(readonly=True, help="Margin less cost to serve.")

    _depends = {
        "account.invoice.cost": ["cost", "is_estimated", "line_id"],
        "account.move": ["invoice_date", "invoice_user_id", "move_type", "state"],
        "account.move.line": [
            "balance",
            "company_id",
            "display_type",
            "partner_id",
            "product_id",
        ],
        "crm.customer.service": ["amount", "month", "partner_id"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["categ_id"],
        "res.partner": ["commercial_partner_id"],
    }

    @property
    def _table_query(self) -> SQL:
        return SQL("%s UNION ALL %s", self._get_sold_sql(), self._get_served_sql())

    @api.model
    def _get_sold_sql(self) -> SQL:
        return SQL(
            """
            SELECT line.id::bigint * 2 AS id,
                   line.company_id,
                   partner.commercial_partner_id AS partner_id,
                   move.invoice_date AS date,
                   move.invoice_user_id,
                   line.product_id,
                   template.categ_id AS product_categ_id,
                   NULL::int AS driver_id,
                   -line.balance AS revenue,
                   CASE WHEN frozen.cost IS NULL THEN -line.balance ELSE 0 END
                       AS revenue_without_cost,
                   COALESCE(frozen.cost, 0) AS cost,
                   CASE WHEN frozen.is_estimated THEN frozen.cost ELSE 0 END AS estimated_cost,
                   COALESCE(-line.balance - frozen.cost, 0) AS margin,
                   0::numeric AS service_amount,
                   COALESCE(-line.balance - frozen.cost, 0) AS profit
              FROM account_move_line line
              LEFT JOIN account_invoice_cost frozen ON frozen.line_id = line.id
              JOIN account_move move ON move.id = line.move_id
              JOIN res_partner partner ON partner.id = line.partner_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND line.display_type = 'product'
            """
        )

    @api.model
    def _get_served_sql(self) -> SQL:
        return SQL(
            """
            SELECT service.id::bigint * 2 + 1, service.company_id, service.partner_id,
                   service.month, customer.user_id, NULL::int, NULL::int, service.driver_id,
                   0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric,
                   service.amount, -service.amount
              FROM crm_customer_service service
              JOIN res_partner customer ON customer.id = service.partner_id
            """
        )
