from odoo import api, models
from odoo.tools import SQL


class CrmCustomerHoldWaiting(models.Model):
    """Orders wait for finance, too."""

    _inherit = "crm.customer.hold.waiting"

    @api.model
    def _get_parts(self):
        payer = SQL(
            "(SELECT partner_invoice_id FROM sale_order WHERE id = waiting.res_id) AS payer_id"
        )
        return [*super()._get_parts(), (self.env["sale.order"]._get_waiting_sql(), payer)]
