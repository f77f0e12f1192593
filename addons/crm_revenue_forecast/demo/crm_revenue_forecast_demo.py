from odoo import api, models


class CrmRevenueForecastDemo(models.AbstractModel):
    """The forecast of the demo customers, with its past Mondays."""

    _name = "crm.revenue.forecast.demo"
    _description = "Demo of the Forecast"

    @api.model
    def _compute_story(self):
        """Called once, when demo data is loaded: nobody has to wait for scheduled actions."""
        norm = self.env.company._get_forecast_norms()
        weeks = self.env["crm.revenue.forecast.week"].sudo()
        for monday in norm._get_mondays():
            weeks._keep_monday(norm, monday)
        norm._refresh_forecast()
