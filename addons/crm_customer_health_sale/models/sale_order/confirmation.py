from odoo import SUPERUSER_ID


class Confirmation:
    """Confirming quotations of customers on hold is refused, whoever confirms, whichever way.

    What must not be lost with the error is put off instead: what a customer signed, and what was
    paid (``payment.transaction``). Such an order stays a quotation, and somebody is told.
    """

    __slots__ = ()

    def _validate_order(self):
        """A signature is kept."""
        free = self._leave_out_held()
        return super(Confirmation, free)._validate_order() if free else None

    def _leave_out_held(self):
        """Those of these quotations that a hold blocks stay what they are, with an activity.

        :return: the others.
        """
        held = self.browse().union(*self._get_blocked())
        held._put_on_hold()
        return self - held

    def _check_confirming(self):
        """Refuse to confirm these orders if a hold is in the way.

        :raise UserError: says for each what is owed since when, and who may override.
        """
        self._check_hold()
        # Nobody gets around it by way of another state.
        holdable = self.filtered_domain(self._get_holdable_domain())
        (self - holdable).filtered(lambda order: order.state != "sale")._refuse_held_payers()

    def _check_created(self):
        """Orders that are created as confirmed; the system may while it loads data.

        :raise UserError: see :meth:`_check_confirming`.
        """
        if self.env.uid != SUPERUSER_ID:
            self.filtered(lambda order: order.state == "sale")._refuse_held_payers()

    def _refuse_held_payers(self):
        """Refuse what is about to be done to these orders if their payers are on hold and that
        blocks orders, in whatever state they are.
        """
        for company, orders in self.grouped("company_id").items():
            if self._get_hold_mode(company) == "block":
                reasons = orders._get_hold_reasons_in(company)
                self._refuse_held(
                    {order: reasons[order.id] for order in orders if order.id in reasons}
                )

    def _action_confirm(self):
        self._close_hold_activities()
        return super()._action_confirm()

    def _action_cancel(self):
        result = super()._action_cancel()
        self._close_hold_activities()
        return result
