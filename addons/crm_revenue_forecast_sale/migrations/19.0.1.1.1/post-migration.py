from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """The companies' usual days from order to invoice, which customers are computed with."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["crm.revenue.forecast.state"].search([("id", "!=", False)])._keep_order_lag()
