from odoo import api, models


class CrmCustomerHealth(models.Model):
    _inherit = "crm.customer.health"

    @api.model
    def _on_customers_refreshed(self, changes):
        """What is expected of customers follows their receivables; the weeks soon after."""
        result = super()._on_customers_refreshed(changes)
        norms = changes.companies._get_forecast_norms()
        if changes.partners is None:
            norms.forecast_date = False
        elif computed := norms.filtered("forecast_date"):
            self.env["crm.revenue.forecast"]._refresh(computed.company_id, changes.partners)
        norms._announce_forecast()
        return result
