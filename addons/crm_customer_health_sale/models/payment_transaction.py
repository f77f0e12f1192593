from odoo import models


class PaymentTransaction(models.Model):
    """A payment is never refused because of a hold: the order stays a quotation, paid."""

    _inherit = "payment.transaction"

    def _post_process(self):
        return super(
            PaymentTransaction, self.with_context(is_confirmed_by_payment=True)
        )._post_process()

    def _check_amount_and_confirm_order(self):
        """The orders that are confirmed indeed: the customer of another one is told that the
        payment has arrived.
        """
        confirmed = super()._check_amount_and_confirm_order()
        return confirmed.filtered(lambda order: order.state == "sale")
