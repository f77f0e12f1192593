from functools import wraps

from odoo import models
from odoo.http import request

#: Models whose requests confirm orders on the way to something else.
PASSING_MODELS = ("pos.order", "project.task", "project.project")
#: Contexts in which Odoo confirms an order as soon as it is created, for a task or a timesheet.
PASSING_CONTEXTS = ("create_for_task_id", "create_for_employee_mapping")


class SaleOrder(models.Model):
    """Confirming quotations of customers on hold: refused to people, put off for machines."""

    _inherit = "sale.order"

    def _confirmation_error_message(self):
        """What is owed since when, and who may override: for who can read it."""
        error = super()._confirmation_error_message()
        if error or not self._is_confirmed_by_person():
            return error
        reason = self._get_blocked().get(self)
        return f"{reason}\n{self._get_hold_advice()}" if reason else error

    def _register_hook(self):
        """Have held quotations left out before anything happens to them.

        What other addons do around ``action_confirm`` (count loyalty points, send mails, create
        registrations) must not happen to an order that stays a quotation. Whether their code runs
        around ours depends on the order in which addons are loaded: only from outside is it sure.
        """
        result = super()._register_hook()
        model_class = self.env.registry[self._name]
        confirm = model_class.action_confirm
        if hasattr(confirm, "without_hold"):
            return result

        @wraps(confirm)
        def action_confirm(self):
            orders = self if self._is_confirmed_by_person() else self._leave_out_held()
            # Nothing at all is left to confirm: as quiet as if it had been done.
            return confirm(orders) if orders or not self else True

        action_confirm.without_hold = confirm
        model_class.action_confirm = action_confirm
        return result

    def _unregister_hook(self):
        result = super()._unregister_hook()
        model_class = self.env.registry[self._name]
        if hasattr(model_class.__dict__.get("action_confirm"), "without_hold"):
            del model_class.action_confirm
        return result

    def _leave_out_held(self):
        """Orders that nobody at a screen confirms are not lost and raise no error: those on hold
        stay quotations, with an activity for somebody.

        :return: the others.
        """
        held = self.browse().union(*self._get_blocked())
        held._put_on_hold()
        return self - held

    def _is_confirmed_by_person(self) -> bool:
        """Hook: whether somebody at the web client confirms, who can read why it is refused.

        Not so: signatures and payments of customers at the portal or the web shop, the till of the
        point of sale, callbacks of payment providers, scheduled actions, the external API. What
        follows a payment is nobody's click either, wherever it was registered, nor is what follows
        from a task or a project: the refusal would lose what was typed.
        """
        if not request or self.env.context.get("is_confirmed_by_payment"):
            return False
        path = request.httprequest.path
        if not path.startswith("/web/") or any(f"/{model}/" in path for model in PASSING_MODELS):
            return False
        return path.endswith("/action_confirm") or not any(
            self.env.context.get(key) for key in PASSING_CONTEXTS
        )

    def _action_confirm(self):
        self._close_hold_activities()
        return super()._action_confirm()

    def _action_cancel(self):
        result = super()._action_cancel()
        self._close_hold_activities()
        return result
