from odoo import models


class MailActivity(models.Model):
    """A flag is with whoever has its activity."""

    _inherit = "mail.activity"

    def write(self, vals):
        if "user_id" in vals:
            # Handed to a colleague, who may see the customer from now on: the flag goes along.
            self.check_access("write")
            flags = self.env["crm.customer.flag"].sudo().search([("activity_id", "in", self.ids)])
            flags.filtered(
                lambda flag: flag.assigned_id.id != (vals["user_id"] or False)
            ).assigned_id = vals["user_id"]
        return super().write(vals)
