from odoo import api, models
from odoo.tools import SQL


class CrmCustomerHoldWaiting(models.Model):
    """Deliveries wait for finance, too."""

    _inherit = "crm.customer.hold.waiting"

    @api.model
    def _get_parts(self):
        payer = SQL(
            """
            (SELECT COALESCE(sale.partner_invoice_id, picking.partner_id)
               FROM stock_picking picking
               LEFT JOIN sale_order sale ON sale.id = picking.sale_id
              WHERE picking.id = waiting.res_id) AS payer_id
            """
        )
        return [*super()._get_parts(), (self.env["stock.picking"]._get_waiting_sql(), payer)]
