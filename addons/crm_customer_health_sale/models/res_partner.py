from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _on_released(self, company):
        result = super()._on_released(company)
        self.env["sale.order"]._tell_of_release(company, self)
        self.env["sale.order"]._end_overrides(company, self)
        return result
