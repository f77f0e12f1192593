"""What waits for the bank, and what is open where nothing is due, is worked out anew."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    plans = env["crm.commission.plan"].search([("state", "=", "approved")])
    env["crm.commission.event"]._collect_everything(plans.company_id)
