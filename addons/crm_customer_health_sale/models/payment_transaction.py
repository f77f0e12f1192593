from odoo import models


class PaymentTransaction(models.Model):
    """A payment is never refused because of a hold: the order stays a quotation, paid."""

    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Orders of customers on hold are put off: an error would undo what was paid."""
        orders = self.sale_order_ids
        reached = orders.browse()
        for transaction in self:
            # As core: exactly one quotation, of which enough was paid.
            quotation = transaction.sale_order_ids
            if (
                len(quotation) == 1
                and quotation.state in ("draft", "sent")
                and quotation._is_confirmation_amount_reached()
            ):
                reached |= quotation
        held = reached - reached._leave_out_held()
        free = self.filtered(lambda transaction: not transaction.sale_order_ids & held)
        return super(PaymentTransaction, free)._check_amount_and_confirm_order()
