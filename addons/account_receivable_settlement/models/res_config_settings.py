from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    company_tz = fields.Selection(
        related="company_id.partner_id.tz",
        string="Company's Time Zone",
        readonly=False,
        help="When a new day begins for due dates, ageing and overdue amounts. UTC if empty.",
    )
