from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmCustomerMarketReport(models.Model):
    """The market: what is bought by whom, month by month.

    A row per company, customer, product and month; untaxed, company currency at the document's
    rate, credit notes negative, quantities in the product's own unit.
    """

    _name = "crm.customer.market.report"
    _description = "Market"
    _inherit = ["crm.customer.figures"]
    _auto = False
    _order = "month desc, id"
    _depends = {
        "account.move": ["date", "invoice_date", "move_type", "state"],
        "account.move.line": [
            "balance",
            "company_id",
            "display_type",
            "partner_id",
            "product_id",
            "product_uom_id",
            "quantity",
        ],
        "crm.customer.health": ["company_id", "health_status", "partner_id", "rfm_segment"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["categ_id", "is_left_out_of_mix", "uom_id"],
        "res.partner": ["commercial_partner_id"],
        "uom.uom": ["factor"],
    }

    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one("product.category", "Category", readonly=True)
    month = fields.Date(readonly=True, help="The first day of the month of the invoices.")
    quantity = fields.Float(
        digits="Product Unit", readonly=True, help="In the product's own unit, less returns."
    )
    amount = fields.Monetary(readonly=True, help="Untaxed, less credit notes.")
    purchase_count = fields.Integer(
        "Invoice Lines", readonly=True, help="Lines of invoices; credit notes do not count."
    )
    rfm_segment = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("rfm_segment"),
        string="Segment",
        readonly=True,
        help="The customer's segment now.",
    )
    health_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        readonly=True,
        help="The customer's status now.",
    )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT MIN(line.line_id) AS id, line.company_id, line.partner_id, line.product_id,
                   line.categ_id, line.month, SUM(line.quantity) AS quantity,
                   SUM(line.amount) AS amount,
                   COUNT(*) FILTER (WHERE line.is_purchase) AS purchase_count,
                   health.rfm_segment, health.health_status
              FROM (
                SELECT *, date_trunc('month', invoice_date)::date AS month FROM (%s) line
                   ) line
              LEFT JOIN crm_customer_health health ON health.company_id = line.company_id
                                                  AND health.partner_id = line.partner_id
             GROUP BY line.company_id, line.partner_id, line.product_id, line.categ_id, line.month,
                      health.rfm_segment, health.health_status
            """,
            self.env["crm.customer.purchase.line"]._get_line_sql(
                Scope(self.env.companies), until=SQL("'infinity'::date")
            ),
        )
