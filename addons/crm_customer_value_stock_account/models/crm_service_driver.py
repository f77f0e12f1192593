from odoo import fields, models
from odoo.tools import SQL


class CrmServiceDriver(models.Model):
    """Goods are picked, packed and sent to a customer, or come back from it."""

    _inherit = "crm.service.driver"

    kind = fields.Selection(
        selection_add=[("delivery", "Delivery"), ("return", "Return")],
        ondelete={"delivery": "cascade", "return": "cascade"},
    )

    def _get_event_sql(self) -> SQL | None:
        """Transfers that were done, on their day: a delivery in two parts counts twice."""
        if self.kind not in ("delivery", "return"):
            return super()._get_event_sql()
        return self._get_transfer_sql(is_delivery=self.kind == "delivery")

    def _get_transfer_sql(self, is_delivery: bool) -> SQL:
        """Done transfers between customers and anywhere else. What the supplier sends to the
        customer is neither: nobody of ours packs it. Whose they are: who pays the order, else who
        receives or returns the goods.
        """
        location = ("source", "destination")
        elsewhere, customer = location if is_delivery else reversed(location)
        return SQL(
            """
            SELECT picking.company_id, COALESCE(sale.partner_invoice_id, picking.partner_id)
                       AS partner_id,
                   %(day)s AS date, 1 AS quantity
              FROM stock_picking picking
              JOIN stock_location source ON source.id = picking.location_id
              JOIN stock_location destination ON destination.id = picking.location_dest_id
              LEFT JOIN sale_order sale ON sale.id = picking.sale_id
             WHERE picking.state = 'done'
               AND picking.company_id = %(company)s
               AND %(customer)s.usage = 'customer'
               AND %(elsewhere)s.usage NOT IN ('customer', 'supplier')
            """,
            day=self._get_day_sql(SQL("picking.date_done")),
            company=self.company_id.id,
            customer=SQL.identifier(customer),
            elsewhere=SQL.identifier(elsewhere),
        )
