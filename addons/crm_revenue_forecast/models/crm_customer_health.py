from odoo import api, models


class CrmCustomerHealth(models.Model):
    _inherit = "crm.customer.health"

    @api.model
    def _on_customers_refreshed(self, changes):
        """What is expected of customers follows their receivables; the weeks soon after."""
        result = super()._on_customers_refreshed(changes)
        states = changes.companies._get_forecast_states()
        if changes.partners is not None and (computed := states.filtered("forecast_date")):
            self.env["crm.revenue.forecast"]._refresh(computed.company_id, changes.partners)
        if states:
            states._announce_forecast()
        return result
