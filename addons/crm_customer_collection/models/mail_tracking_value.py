from odoo import models


class MailTrackingValue(models.Model):
    _inherit = "mail.tracking.value"

    def _is_about_health(self):
        return self.field_id.model == "crm.customer.flag" or super()._is_about_health()
