from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Customers are on hold by the policy unless said: the data sets it at installation only."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["ir.default"].set("res.partner", "hold_policy", "automatic")
