from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    accounting_import_line_id = fields.Many2one(
        "accounting.import.line",
        string="Row of an Import",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="account.group_account_invoice",
        help="The row of an imported file that made this payment.",
    )
