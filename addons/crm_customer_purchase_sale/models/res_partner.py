from odoo import api, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """To customers on hold nobody offers anything."""

    _inherit = "res.partner"

    @api.model
    def _get_left_alone_domain(self) -> Domain:
        return super()._get_left_alone_domain() | Domain(
            "id", "in", self._get_held_query(self.env.company)
        )
