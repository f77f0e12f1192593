from odoo import api, models


class AccountMove(models.Model):
    """An invoice says when its money is expected."""

    _name = "account.move"
    _inherit = ["account.move", "crm.revenue.forecast.mixin"]

    @api.depends("payment_state", "state")
    def _compute_forecast(self):
        return super()._compute_forecast()

    def _get_forecast_rows(self):
        rows = self._find_forecast_rows([("move_id", "in", self.ids)])
        return {
            **super()._get_forecast_rows(),
            **{move.id: some for move, some in rows.grouped("move_id").items()},
        }
