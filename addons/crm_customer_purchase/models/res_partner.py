from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP


class ResPartner(models.Model):
    """A customer may ask to be left alone."""

    _inherit = "res.partner"

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
