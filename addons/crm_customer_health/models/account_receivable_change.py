from odoo import api, models


class AccountReceivableChange(models.Model):
    _inherit = "account.receivable.change"

    @api.model
    def _get_readers(self):
        return [*super()._get_readers(), "crm.customer.health"]

    @api.model
    def _get_key_model(self, reader):
        return "res.partner" if reader == "crm.customer.health" else super()._get_key_model(reader)
