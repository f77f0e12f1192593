from odoo import api, fields, models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    value_tier = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("value_tier"),
        string="Customer's Value",
        compute="_compute_value_tier",
        groups="crm_customer_health.crm_customer_health_group_user",
        help="A to D, by share of the expected value of all customers.",
    )

    @api.depends("company_id", "partner_id")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_value_tier(self):
        for lead in self:
            lead.value_tier = lead.health_id.value_tier
