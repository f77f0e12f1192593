from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.crm_accounting_bridge.models.mail_message import _CONTENT_FIELDS


class MailMessage(models.Model):
    """Changes of a policy stay in the chatter as written."""

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
                Domain("mail_message_id", "in", self.ids) & self._get_kept_change_domain(),
                limit=1,
            )
        ):
            raise AccessError(
                self.env._("The record of a changed policy can be neither changed nor deleted.")
            )

    @api.model
    def _get_kept_change_domain(self) -> Domain:
        """Hook: tracked values that nobody below administrator takes out of a chatter."""
        return Domain("field_id.model", "=", "crm.customer.health.policy")
