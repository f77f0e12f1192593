from markupsafe import Markup

from odoo import api
from odoo.fields import Domain


class Release:
    """Deliveries that may go again because their customer is no longer on hold."""

    __slots__ = ()

    @api.model
    def _tell_of_release(self, company, customers):
        """Note it on the waiting deliveries of these customers, and tell who waits with them.

        A fixed number of searches for any number of customers, and one message for each person.
        No amounts: not everybody who reads a delivery may see what its customer owes.
        """
        if self._get_hold_mode(company) != "block":
            return  # they could go all the time
        deliveries = self.sudo().search(
            self._get_holdable_domain()
            & Domain("company_id", "=", company.id)
            & ~Domain("id", "in", self._get_overridden_query())
            & self._get_hold_customer_domain(customers.ids)
        )
        if not deliveries:
            return
        told = deliveries.with_context(lang=company.partner_id.lang or self.env.lang)
        note = told.env._("The customer is no longer on hold: this delivery may go.")
        told._message_log_batch(bodies=dict.fromkeys(told.ids, note))
        for user, deliveries_of_user in deliveries._get_deliveries_by_recipient().items():
            deliveries_of_user.with_context(lang=user.lang or self.env.lang)._notify_release(user)

    def _get_deliveries_by_recipient(self) -> dict:
        """Hook: who is told that which of these deliveries may go: who is responsible for the
        delivery, else whom the policy names; and the salesperson of its order, else of its payer.
        """
        by_recipient = {}
        for company, pickings in self.grouped("company_id").items():
            policy = self.env["crm.customer.health.policy"]._get_policy(company)
            for picking in pickings:
                salesperson = picking.sale_id.user_id or (
                    picking._get_hold_customer().commercial_partner_id.user_id
                )
                responsible = picking._filter_recipients(picking.user_id)
                responsible = responsible or picking._filter_recipients(policy.delivery_user_id)
                for user in responsible | picking._filter_recipients(salesperson):
                    by_recipient[user] = by_recipient.get(user, self.browse()) | picking
        return by_recipient

    def _filter_recipients(self, users):
        """Those of these users who are there, and belong to the delivery's company."""
        return users.filtered(
            lambda user: (
                user.active
                and user._is_internal()
                and not user._is_superuser()
                and self.company_id in user.company_ids
            )
        )

    def _notify_release(self, user):
        """One message for one person, whatever the number of deliveries."""
        links = Markup(", ").join(picking._get_html_link() for picking in self)
        # With one delivery its button is in the e-mail; several have no document in common.
        document = self if len(self) == 1 else self.env["mail.thread"]
        document.message_notify(
            partner_ids=user.partner_id.ids,
            subject=self.env._("Deliveries that may go"),
            body=self.env._(
                "The customer is no longer on hold. May be delivered: %(deliveries)s",
                deliveries=links,
            ),
        )
