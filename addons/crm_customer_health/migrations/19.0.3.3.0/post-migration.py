"""How late all customers pay is observed by the scheduled action, soon after the upgrade."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.ref("crm_customer_health.ir_cron_refresh")._trigger()
