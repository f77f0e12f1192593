from odoo import api, models
from odoo.fields import Domain

ORDER_ON_HOLD = "crm_customer_health_sale.mail_activity_type_order_on_hold"


class SaleOrder(models.Model):
    """Quotations that stayed behind because of a hold have an activity, once."""

    _inherit = "sale.order"

    def _put_on_hold(self):
        """Leave these quotations as they are, and tell who is responsible.

        Neither activity nor chatter says an amount: not everybody who reads the order may see what
        its customer owes. Who may see it finds it at the top of the quotation.
        """
        told = self._get_hold_activities()
        for order in self.browse(set(self.ids).difference(told.mapped("res_id"))):
            order_sudo = order.sudo()  # whoever confirmed may be a customer
            responsible = order_sudo._get_hold_responsible()
            told_sudo = order_sudo.with_context(lang=responsible.lang or self.env.lang)
            told_sudo.activity_schedule(
                ORDER_ON_HOLD,
                user_id=responsible.id,
                summary=told_sudo.env._("Not confirmed: the customer is on hold"),
            )
            order_sudo._message_log(
                body=self.env._(
                    "The order was to be confirmed, but its customer is on hold: it stays a"
                    " quotation until the customer has paid or the hold is overridden."
                )
            )

    def _get_hold_responsible(self):
        """Hook: who is told of this order: its salesperson, else whom the policy names, else who
        made the order; empty if nobody of them is an active internal user.
        """
        self.ensure_one()
        policy = self.env["crm.customer.health.policy"]._get_policy(self.company_id)
        for user in (self.user_id, policy.fallback_user_id, self.create_uid):
            if user.active and user._is_internal() and not user._is_superuser():
                return user
        return self.env["res.users"]

    def _get_hold_activities(self):
        """Open activities about the hold of these orders, whoever has them."""
        return self._search_hold_activities(Domain("res_id", "in", self.ids))

    @api.model
    def _search_hold_activities(self, domain: Domain):
        activity_type = self.env.ref(ORDER_ON_HOLD, raise_if_not_found=False)
        activities_sudo = self.env["mail.activity"].sudo()  # also those of others
        if not activity_type:
            return activities_sudo
        return activities_sudo.search(
            Domain("activity_type_id", "=", activity_type.id)
            & Domain("res_model", "=", self._name)
            & domain
        )

    def _close_hold_activities(self):
        """What was to be decided is decided."""
        self._get_hold_activities().action_feedback()

    @api.model
    def _tell_of_release(self, company, customers):
        """Tell who waits with quotations of these customers that they may be confirmed."""
        orders = self.sudo()._search(
            self._get_holdable_domain()
            & Domain("company_id", "=", company.id)
            & self._get_hold_customer_domain(customers.ids)
        )
        activities = self._search_hold_activities(Domain("res_id", "in", orders))
        for lang, activities_of_lang in activities.grouped(lambda act: act.user_id.lang).items():
            translated = self.with_context(lang=lang or self.env.lang)
            activities_of_lang.write(
                {
                    "summary": translated.env._("No longer on hold: the order may be confirmed"),
                    "date_deadline": company._get_today(),
                }
            )
