from odoo import models


class MailTrackingValue(models.Model):
    """A change of health in a chatter is for who may see the customer's health in that company.

    Also when somebody searches the chatter: what is not shown must not be found either.
    """

    _inherit = "mail.tracking.value"

    def _filter_has_field_access(self, env):
        allowed = super()._filter_has_field_access(env)
        changes = allowed.filtered(lambda value: value._is_about_health())
        if not changes:
            return allowed
        messages = changes.mail_message_id
        partners = env["res.partner"].browse(set(messages.mapped("res_id"))).exists()
        rows = partners._get_health_of_companies(messages.record_company_id)
        visible = {(row.company_id.id, row.partner_id.id) for row in rows}
        customers = {partner.id: partner.sudo().commercial_partner_id.id for partner in partners}
        return allowed - changes.filtered(
            lambda value: (
                (
                    value.mail_message_id.record_company_id.id,
                    customers.get(value.mail_message_id.res_id),
                )
                not in visible
            )
        )

    def _is_about_health(self) -> bool:
        """Hook: whether the value says something of a customer that not everybody may see."""
        return self.field_id.model == "res.partner" and self.field_id.name in (
            "health_status",
            "health_reasons",
        )
