from odoo import api, models


class CrmRevenueForecastDemo(models.AbstractModel):
    """The forecast of the demo customers, with its past Mondays."""

    _name = "crm.revenue.forecast.demo"
    _description = "Demo of the Forecast"

    @api.model
    def _compute_story(self):
        """Called once, when demo data is loaded: nobody has to wait for scheduled actions."""
        state = self.env.company._get_forecast_states(is_made=True)
        weeks = self.env["crm.revenue.forecast.week"].sudo()
        for monday in state._get_mondays():
            weeks._keep_monday(state, monday)
        state._refresh_forecast()
