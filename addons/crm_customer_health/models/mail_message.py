from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.crm_accounting_bridge.models.mail_message import _CONTENT_FIELDS


class MailMessage(models.Model):
    """Changes of a policy, and of one customer's hold, stay in the chatter as written."""

    _inherit = "mail.message"

    def write(self, vals):
        if not _CONTENT_FIELDS.isdisjoint(vals):
            self._check_keeps_policy_changes()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_policy_change(self):
        self._check_keeps_policy_changes()

    def _check_keeps_policy_changes(self):
        """Refuse to alter the record of a changed setting, except to administrators."""
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        # Everybody's tracked values, for only administrators may read them directly.
        if (
            self.env["mail.tracking.value"]
            .sudo()
            .search_count(
                [
                    ("mail_message_id", "in", self.ids),
                    "|",
                    ("field_id.model", "=", "crm.customer.health.policy"),
                    "&",
                    ("field_id.model", "=", "res.partner"),
                    ("field_id.name", "=", "hold_policy"),
                ],
                limit=1,
            )
        ):
            raise AccessError(
                self.env._("The record of a changed policy can be neither changed nor deleted.")
            )
