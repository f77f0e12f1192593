from odoo import api, models


class AccountReceivableChange(models.Model):
    _inherit = "account.receivable.change"

    @api.model
    def _get_readers(self):
        return [*super()._get_readers(), "account.invoice.cost"]

    @api.model
    def _get_key_model(self, reader):
        return (
            "account.move" if reader == "account.invoice.cost" else super()._get_key_model(reader)
        )
