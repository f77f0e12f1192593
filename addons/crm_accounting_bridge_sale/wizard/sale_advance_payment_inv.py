from odoo import models


class SaleAdvancePaymentInv(models.TransientModel):
    _inherit = "sale.advance.payment.inv"

    def _create_invoices(self, sale_orders):
        # A deal's list of orders has that deal as default for new orders. It must not become that
        # of whatever is created for an invoice: lines ask their own order.
        context = dict(self.env.context)
        context.pop("default_opportunity_id", None)
        env = self.env(context=context)
        wizard = self.with_env(env)
        return super(SaleAdvancePaymentInv, wizard)._create_invoices(sale_orders.with_env(env))
