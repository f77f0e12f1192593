from odoo import api, models
from odoo.fields import Domain


class MailMessage(models.Model):
    """Decisions about one customer's hold stay in the chatter as written."""

    _inherit = "mail.message"

    @api.model
    def _get_kept_change_domain(self):
        return super()._get_kept_change_domain() | (
            Domain("field_id.model", "=", "res.partner")
            & Domain("field_id.name", "=", "hold_policy")
        )
