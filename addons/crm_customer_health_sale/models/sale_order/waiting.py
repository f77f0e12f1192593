from odoo import api
from odoo.fields import Domain
from odoo.tools import SQL


class Waiting:
    """Quotations wait for finance once they were sent, signed or paid; drafts are nobody's yet."""

    __slots__ = ()

    @api.model
    def _get_waiting_domain(self) -> Domain:
        return (
            Domain("state", "=", "sent")
            | Domain("signed_on", "!=", False)
            | Domain("transaction_ids", "any", [("state", "in", ("authorized", "done"))])
        )

    @api.model
    def _get_waiting_columns(self):
        return super()._get_waiting_columns() | {
            "since": SQL("COALESCE(document.signed_on, document.date_order)::date")
        }

    def _on_hold_approved(self):
        """What was signed or paid was to be confirmed: now it is."""
        waiting = self.filtered(
            lambda order: (
                order.state in ("draft", "sent") and (order.signed_on or order._is_paid_for())
            )
        )
        # Who decides about holds need not be allowed to change orders.
        waiting.sudo()._validate_order()
        return super()._on_hold_approved()

    def _is_paid_for(self) -> bool:
        return any(
            transaction.state in ("authorized", "done")
            for transaction in self.sudo().transaction_ids
        )
