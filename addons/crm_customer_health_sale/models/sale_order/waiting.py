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
        """What was signed or paid was to be confirmed: now it is, unless more has to be paid."""
        # Who decides about holds need not be allowed to change orders, nor to see payments.
        orders_sudo = self.sudo()
        orders_sudo.filtered(lambda order: order._is_to_be_confirmed())._validate_order()
        return super()._on_hold_approved()

    def _is_to_be_confirmed(self) -> bool:
        """As core confirms: when it is signed and nothing has to be paid, or enough was paid."""
        self.ensure_one()
        if self.state not in ("draft", "sent"):
            return False
        is_paid = self._is_confirmation_amount_reached() and any(
            transaction.state in ("authorized", "done") for transaction in self.transaction_ids
        )
        return is_paid or bool(self.signed_on and not self._has_to_be_paid())
