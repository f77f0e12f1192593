from odoo import fields, models


class SpreadsheetDashboard(models.Model):
    _inherit = "spreadsheet.dashboard"

    has_customer_amounts = fields.Boolean(
        readonly=True,
        help="It shows amounts of customers or colleagues: a copy that anybody with its address can"
        " open is made by Invoicing users only.",
    )
