from odoo import api, models


class AccountReceivableChange(models.Model):
    _inherit = "account.receivable.change"

    @api.model
    def _get_readers(self):
        return [*super()._get_readers(), "crm.lead"]
