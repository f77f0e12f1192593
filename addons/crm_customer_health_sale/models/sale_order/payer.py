class Payer:
    """A confirmed order does not get a payer for whom it could not have been confirmed."""

    __slots__ = ()

    def _get_payers(self) -> dict:
        return {
            order: order.sudo()._get_hold_customer().commercial_partner_id  # may be hidden
            for order in self
        }

    def _check_new_payers(self, old_payers: dict):
        """Refuse as at confirmation.

        :raise UserError: for orders whose new payer is on hold.
        """
        new_payers = self._get_payers()
        changed = self.filtered(lambda order: new_payers[order] != old_payers[order])
        changed._refuse_held_payers()
