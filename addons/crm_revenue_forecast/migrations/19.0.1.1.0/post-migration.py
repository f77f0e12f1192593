"""Product categories, and the rows of order lines, are computed by the scheduled action."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    cr.execute("UPDATE crm_revenue_forecast_state SET forecast_date = NULL")
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.ref("crm_revenue_forecast.ir_cron_refresh")._trigger()
