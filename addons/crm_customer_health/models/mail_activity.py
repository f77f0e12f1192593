from odoo import api, models
from odoo.exceptions import ValidationError


class MailActivity(models.Model):
    """Who has an activity reads it whatever the record rules say: on a customer's health it is
    given to nobody who may not see the customer.
    """

    _inherit = "mail.activity"

    @api.constrains("res_model_id", "res_id", "user_id")
    def _check_assignee_sees_customer(self):
        """:raise ValidationError: for a colleague who may not see the customer."""
        activities = self.sudo().filtered(
            lambda activity: activity.res_model == "crm.customer.health" and activity.user_id
        )
        health = self.env["crm.customer.health"].sudo()
        for user, assigned in activities.grouped("user_id").items():
            rows = health.browse(assigned.mapped("res_id"))
            if rows - rows._filter_readable_by(user):
                raise ValidationError(
                    self.env._("%(user)s may not see this customer.", user=user.display_name)
                )
