from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _on_released(self, company):
        result = super()._on_released(company)
        self.env["stock.picking"]._tell_of_release(company, self)
        self.env["stock.picking"]._end_overrides(company, self)
        return result
