from odoo import fields, models


class AccountingImportLine(models.Model):
    """One row of the file and what became of it."""

    _name = "accounting.import.line"
    _description = "Row of an Import"
    _order = "import_id desc, row"
    _rec_name = "number"

    import_id = fields.Many2one(
        "accounting.import",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="import_id.company_id")
    row = fields.Integer(
        readonly=True, aggregator=None, help="Row number in the file; the header is row 1."
    )
    number = fields.Char("Invoice Number", readonly=True)
    customer = fields.Char(readonly=True)
    cells = fields.Json(readonly=True, help="The row as it was read, one text per column.")
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("created", "Created"),
            ("updated", "Updated"),
            ("unchanged", "Unchanged"),
            ("left_out", "Left Out"),
            ("error", "Error"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    column = fields.Char(readonly=True, help="The columns that are wrong.")
    value = fields.Char(readonly=True, help="What stands in these columns.")
    reason = fields.Text(
        "Details",
        readonly=True,
        help="Why the row was not imported; for an updated invoice what was changed.",
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _state_idx = models.Index("(import_id, state, row)")
    _number_idx = models.Index("(import_id, number)")
