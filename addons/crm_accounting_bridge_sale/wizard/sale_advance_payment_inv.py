from odoo import models


class SaleAdvancePaymentInv(models.TransientModel):
    _inherit = "sale.advance.payment.inv"

    def _create_invoices(self, sale_orders):
        # A deal's list of orders has that deal as default for new orders. It must not become that
        # of whatever is created for an invoice: lines ask their own order.
        context = {
            key: value for key, value in self.env.context.items() if key != "default_opportunity_id"
        }
        wizard = self.with_context(context)
        return super(SaleAdvancePaymentInv, wizard)._create_invoices(
            sale_orders.with_context(context)
        )
