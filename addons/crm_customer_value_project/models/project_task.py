from odoo import api, fields, models

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP


class ProjectTask(models.Model):
    """A task shows the value tier of its customer to who may see the customer's health."""

    _inherit = "project.task"

    value_tier = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("value_tier"),
        string="Customer's Value",
        compute="_compute_value_tier",
        search="_search_value_tier",
        groups=HEALTH_GROUP,
        help="A to D, by share of the expected value of all customers.",
    )

    @api.depends("company_id", "partner_id")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_value_tier(self):
        for task in self:
            task.value_tier = task.health_id.value_tier

    def _search_value_tier(self, operator, value):
        # Tiers are not larger or smaller than one another.
        if operator != "in":
            return NotImplemented
        return self._search_health("value_tier", operator, value)
