from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    value_tier = fields.Selection(
        related="health_id.value_tier",
        groups="crm_customer_health.crm_customer_health_group_user",
        related_sudo=False,
    )

    def action_view_value(self):
        """Open what the customer is worth in the current company."""
        self.ensure_one()
        value = self.env["crm.customer.value"].search(
            [
                ("partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.env.company.id),
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Value of a Customer"),
            "res_model": "crm.customer.value",
            "view_mode": "form",
            "res_id": value.id,
        }
