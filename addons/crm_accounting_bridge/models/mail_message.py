from odoo import api, models
from odoo.exceptions import AccessError

from .crm_lead.manual import MANUAL_FIELDS

#: What makes a message say what it says, by whom, when and about which deal.
_CONTENT_FIELDS = frozenset(
    (
        "author_id",
        "body",
        "date",
        "email_from",
        "is_internal",
        "message_type",
        "model",
        "res_id",
        "subject",
        "subtype_id",
        "tracking_value_ids",
    )
)


class MailMessage(models.Model):
    """Changes of figures by hand stay in the chatter as they were written."""

    _inherit = "mail.message"

    def write(self, vals):
        if not _CONTENT_FIELDS.isdisjoint(vals):
            self._check_keeps_manual_billing()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_manual_billing(self):
        self._check_keeps_manual_billing()

    def _check_keeps_manual_billing(self):
        """Refuse to alter the record of a change by hand, except to administrators."""
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        # Everybody's tracking values, for only administrators may read them directly.
        is_record = (
            self.env["mail.tracking.value"]
            .sudo()
            .search_count(
                [
                    ("mail_message_id", "in", self.ids),
                    ("field_id.model", "=", "crm.lead"),
                    ("field_id.name", "in", list(MANUAL_FIELDS)),
                ],
                limit=1,
            )
        )
        if is_record:
            raise AccessError(
                self.env._(
                    "The record of a billing status set by hand can be neither changed nor deleted."
                )
            )
