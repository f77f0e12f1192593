from odoo import api


class Part:
    """What a person says of a file, column by column and word by word: it stays as it was when the
    rows were read.
    """

    __slots__ = ()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records.import_id._check_open()
        return records

    def write(self, vals):
        self.import_id._check_open()
        result = super().write(vals)
        self.import_id._check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_read(self):
        self.import_id._check_open()
