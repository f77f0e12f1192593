from odoo import api, models


class AccountReceivableChange(models.Model):
    _inherit = "account.receivable.change"

    @api.model
    def _get_readers(self):
        return [*super()._get_readers(), "crm.commission.event"]

    @api.model
    def _get_key_model(self, reader):
        if reader == "crm.commission.event":
            return "account.move"
        return super()._get_key_model(reader)
