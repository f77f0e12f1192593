from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_moves_stages = fields.Boolean(
        "Stages Follow Billing",
        help="Opportunities move into the stages Invoiced and Paid, and back, with their invoices"
        " and payments.",
    )

    @api.model
    def get_values(self):
        return {
            **super().get_values(),
            "billing_moves_stages": self.env["crm.lead"]._is_stage_automation_active(),
        }

    def set_values(self):
        result = super().set_values()
        # Stored also when off: without a value the stages follow.
        self.env["ir.config_parameter"].set_param(
            "crm_accounting_bridge.move_stages", str(self.billing_moves_stages)
        )
        return result
