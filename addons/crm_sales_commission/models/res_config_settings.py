from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    commission_counts_discount = fields.Boolean(
        related="company_id.commission_counts_discount", readonly=False
    )
    commission_waits_for_bank = fields.Boolean(
        related="company_id.commission_waits_for_bank", readonly=False
    )
    commission_period = fields.Selection(related="company_id.commission_period", readonly=False)
