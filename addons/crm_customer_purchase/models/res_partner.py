from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP


class ResPartner(models.Model):
    """A contact shows what its customer buys in the current company, and may be left alone."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.customer.purchase.panel"]

    is_left_out_of_lists = fields.Boolean(
        "Leave Out of Sales Lists",
        groups=HEALTH_GROUP,
        help="The customer does not want to be offered anything: the lists of customers who stopped"
        " buying, are due, or may buy more leave it out.",
    )

    @api.model
    def _get_left_alone_domain(self) -> Domain:
        """Hook: customers whom nobody offers anything for the time being."""
        return Domain("is_left_out_of_lists", "=", True)

    def _get_panel_partner(self):
        return self

    def _get_panel_company(self):
        return self.env.company
