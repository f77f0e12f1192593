from odoo import api, models


class CrmCustomerHealth(models.Model):
    _inherit = "crm.customer.health"

    @api.model
    def _on_released(self, company, customers):
        result = super()._on_released(company, customers)
        self.env["sale.order"]._tell_of_release(company, customers)
        self.env["sale.order"]._end_overrides(company, customers)
        return result
