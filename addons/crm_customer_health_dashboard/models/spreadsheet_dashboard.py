from odoo import fields, models


class SpreadsheetDashboard(models.Model):
    _inherit = "spreadsheet.dashboard"

    has_customer_amounts = fields.Boolean(
        readonly=True,
        help="It shows what customers owe: a copy that anybody with its address can open is made"
        " by Invoicing users only.",
    )
