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
            ("checked", "To Import"),
            ("created", "Created"),
            ("updated", "Updated"),
            ("unchanged", "Unchanged"),
            ("left_out", "Left Out"),
            ("joined", "Part of Another Row"),
            ("undone", "Taken Back"),
            ("kept", "Not Taken Back"),
            ("error", "Error"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    head_id = fields.Many2one(
        "accounting.import.line",
        string="Part of Row",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The row of the document that this line or payment belongs to.",
    )
    kind = fields.Selection(
        [
            ("invoice", "Invoice"),
            ("credit_note", "Credit Note"),
            ("payment", "Payment"),
            ("on_account", "Payment on Account"),
        ],
        readonly=True,
    )
    invoice_date = fields.Date("Date", readonly=True)
    due_date = fields.Date(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True, help="Negative: a credit note, or a payment.")
    payment_amount = fields.Monetary(
        "Payment", readonly=True, help="What is paid of the document, as far as Odoo does not know."
    )
    partner_id = fields.Many2one("res.partner", string="Found Customer", readonly=True)
    found_by = fields.Selection(
        [
            ("ref", "Reference"),
            ("vat", "Tax ID"),
            ("name", "Name"),
            ("email", "E-Mail"),
            ("new", "New Customer"),
        ],
        readonly=True,
        help="What the customer was found by.",
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

    made_move = fields.Boolean(
        "Made the Invoice", readonly=True, help="This row, and no earlier file, made the invoice."
    )
    payment_ids = fields.One2many(
        "account.payment", "accounting_import_line_id", string="Payments", readonly=True
    )

    _state_idx = models.Index("(import_id, state, row)")
    _number_idx = models.Index("(import_id, number)")
