from odoo import models


class CrmCommissionExport(models.AbstractModel):
    _inherit = "crm.commission.export"

    def _get_value(self, record, name):
        if name in ("base", "rate") and record.is_margin_hidden:
            return ""  # not known to the reader: no zero
        return super()._get_value(record, name)
