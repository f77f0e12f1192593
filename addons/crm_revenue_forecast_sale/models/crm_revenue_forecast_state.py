from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class CrmRevenueForecastState(models.Model):
    """What is usual in the company is found out once for all customers, not again for each."""

    _inherit = "crm.revenue.forecast.state"

    order_lag_days = fields.Float(
        "Days From Order to Invoice",
        readonly=True,
        help="The median of the company's orders of two years, as of when all was computed.",
    )

    def _refresh_forecast(self):
        self._keep_order_lag()
        return super()._refresh_forecast()

    def _keep_order_lag(self):
        forecasts = self.env["crm.revenue.forecast"]
        forecasts._flush_sources()
        days = dict(
            self.env.execute_query(
                SQL(
                    "SELECT company_id, days FROM (%s) lag",
                    forecasts._get_order_lag_sql(SQL("NULL::int"), Scope(self.company_id)),
                )
            )
        )
        for state in self:
            state.order_lag_days = days.get(state.company_id.id, 0)
