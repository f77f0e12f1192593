from odoo import api
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import ALL_CUSTOMERS_GROUP


class Calling:
    """Whom to call today, with what one has to know on the phone, and that it was done."""

    __slots__ = ()

    @api.depends("company_id", "partner_id")
    def _compute_now(self):
        """By the stored rows: a list asks once for all its customers."""
        rows = self.env["crm.customer.health"].search_fetch(
            Domain("company_id", "in", self.company_id.ids)
            & Domain("partner_id", "in", self.partner_id.ids),
            ["company_id", "partner_id", "overdue_amount", "days_overdue", "last_payment_date"],
        )
        by_customer = {(row.company_id, row.partner_id): row for row in rows}
        for flag in self:
            row = by_customer.get((flag.company_id, flag.partner_id), rows.browse())
            flag.overdue_now = row.overdue_amount
            flag.days_overdue = row.days_overdue
            flag.last_payment_date = row.last_payment_date

    @api.depends("activity_id.active", "activity_id.date_deadline")
    def _compute_call_on(self):
        for flag in self:
            activity = flag.activity_id
            flag.call_on = activity.date_deadline if activity.active else False

    @api.model
    def _search_call_on(self, operator, value):
        if operator not in ("<", "<=", ">", ">=", "in"):
            return NotImplemented
        # Who may see the flag may know when it is due, whoever has the activity.
        wanted = Domain("active", "=", True) & Domain("date_deadline", operator, value)
        return Domain("activity_id", "any!", wanted)

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid")
    def _compute_last_promise(self):
        promises = self.env["crm.payment.promise"].search(
            Domain("company_id", "in", self.company_id.ids)
            & Domain("partner_id", "in", self.partner_id.ids)
            & Domain("state", "!=", "withdrawn"),
            order="made_on, id",
        )
        last = {(promise.company_id, promise.partner_id): promise for promise in promises}
        for flag in self:
            promise = last.get((flag.company_id, flag.partner_id), promises.browse())
            flag.last_promise_date = promise.date
            flag.last_promise_state = promise.state

    def action_ask_what_was_done(self):
        """Ask for a note before the flag is done."""
        self.ensure_one()
        self._check_may_be_done()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Done: %(customer)s", customer=self.partner_id.display_name),
            "res_model": "crm.customer.flag.done.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_flag_id": self.id},
        }

    def action_mark_done(self, note: str | None = None):
        """Take the activity from whoever has it: nothing more is to be done about this debt.

        The flag stays, silent, until the customer is cured or owes more.

        :param note: what was done, for the customer's conversation.
        """
        self._check_may_be_done()
        self.sudo().activity_id.filtered("active").action_feedback(feedback=note or False)

    @api.depends("activity_id.active", "assigned_id")
    @api.depends_context("uid")
    def _compute_may_be_done(self):
        """Those who have the activity may close it; leaders and Accounting also those of others."""
        user = self.env.user
        closes_others = user.has_group(ALL_CUSTOMERS_GROUP) and self.env[
            "crm.payment.promise"
        ].has_access("create")
        for flag in self:
            flag.may_be_done = flag.sudo().activity_id.active and (
                closes_others or flag.assigned_id == user
            )

    def _check_may_be_done(self):
        self.check_access("read")
        if not all(flag.may_be_done for flag in self if flag.call_on):
            raise AccessError(self.env._("Flags of others are closed by leaders and Accounting."))
