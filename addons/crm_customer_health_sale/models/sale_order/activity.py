from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

ORDER_ON_HOLD = "crm_customer_health_sale.mail_activity_type_order_on_hold"


class Activity:
    """Quotations that stayed behind because of a hold have an activity, once."""

    __slots__ = ()

    def _put_on_hold(self):
        """Leave these quotations as they are, and tell who is responsible.

        Neither activity nor chatter says an amount: not everybody who reads the order may see what
        its customer owes. Who may see it finds it at the top of the quotation.
        """
        self._get_carts().with_context(tracking_disable=True).action_quotation_sent()
        self._assign_web_salesperson()
        told = self._get_hold_activities()
        for order in self.browse(set(self.ids).difference(told.mapped("res_id"))):
            order_sudo = order.sudo()  # whoever confirmed may be a customer
            responsible = order_sudo._get_hold_responsible()
            # Colleagues read it, not the customer in whose language the web shop runs.
            lang = order_sudo.company_id.partner_id.lang or responsible.lang or self.env.lang
            told_sudo = order_sudo.with_context(lang=lang)
            told_sudo.activity_schedule(
                activity_type_id=self._get_hold_activity_type_id(),
                user_id=responsible.id,
                summary=told_sudo.env._("Not confirmed: the customer is on hold"),
            )
            told_sudo._message_log(
                body=told_sudo.env._(
                    "The order was to be confirmed, but its customer is on hold: it stays a"
                    " quotation until the customer has paid or the hold is overridden."
                )
            )

    def _get_carts(self):
        """Hook: quotations of these that a web customer still sees as the cart, and would go on
        changing after the checkout: they count as sent, as core has it while a payment is pending.

        The web shop is no dependency: without it there are none.
        """
        carts_sudo = self.sudo()  # whoever confirms may be a customer
        if "website_id" not in self._fields:
            return carts_sudo.browse()
        return carts_sudo.filtered(lambda order: order.website_id and order.state == "draft")

    def _assign_web_salesperson(self):
        """Orders of the web shop get their salesperson on confirmation only, in the web shop's own
        ``action_confirm``: who is to be told is looked for now.
        """
        if "website_id" in self._fields:
            carts = self.with_user(SUPERUSER_ID).filtered("website_id")
            carts.with_context(force_user_recomputation=True)._compute_user_id()

    def _get_hold_responsible(self):
        """Hook: who is told of this order: its salesperson, else its customer's, else the leader of
        its team, else whom the policy names, else who made the order; empty if nobody of them is
        an active internal user of the company.
        """
        self.ensure_one()
        policy = self.env["crm.customer.health.policy"]._get_policy(self.company_id)
        for user in (
            self.user_id,
            self.partner_id.commercial_partner_id.user_id,
            self.team_id.user_id,
            policy.fallback_user_id,
            self.create_uid,
        ):
            if (
                user.active
                and user._is_internal()
                and not user._is_superuser()
                and self.company_id in user.company_ids
            ):
                return user
        return self.env["res.users"]

    @api.model
    def _get_hold_activity_type_id(self):
        """The type of our activities; none if an administrator deleted it."""
        return self.env["ir.model.data"]._xmlid_to_res_id(ORDER_ON_HOLD, raise_if_not_found=False)

    def _get_hold_activities(self):
        """Open activities about the hold of these orders, whoever has them."""
        return self._search_hold_activities(Domain("res_id", "in", self.ids))

    @api.model
    def _search_hold_activities(self, domain: Domain):
        return (
            self.env["mail.activity"]
            .sudo()  # also those of others
            .search(
                Domain("activity_type_id", "=", self._get_hold_activity_type_id() or False)
                & Domain("automated", "=", True)
                & Domain("res_model", "=", self._name)
                & domain
            )
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
