from odoo import fields, models


class AccountingImportColumn(models.Model):
    """One column of the file: what it holds, and what becomes of it."""

    _name = "accounting.import.column"
    _description = "Column of an Import"
    _order = "index"

    import_id = fields.Many2one("accounting.import", required=True, index=True, ondelete="cascade")
    index = fields.Integer(required=True, readonly=True)
    name = fields.Char("Column", required=True, readonly=True)
    sample_1 = fields.Char("Example 1", readonly=True)
    sample_2 = fields.Char("Example 2", readonly=True)
    sample_3 = fields.Char("Example 3", readonly=True)
    field = fields.Selection(
        [
            ("number", "Invoice Number"),
            ("invoice_date", "Invoice Date"),
            ("due_date", "Due Date"),
            ("amount", "Amount (Negative: Credit Note)"),
            ("currency", "Currency Code"),
            ("customer", "Customer (Any of the Below)"),
            ("customer_ref", "Customer Reference"),
            ("customer_vat", "Customer Tax ID"),
            ("customer_name", "Customer Name"),
            ("customer_email", "Customer E-Mail"),
            ("opportunity", "Opportunity"),
            ("settled_date", "Settled On"),
            ("settled_amount", "Settled Amount (Empty: in Full)"),
            ("credit", "Credit (Filled In: Credit Note)"),
            ("balance", "Balance (What Is Open)"),
            ("kind", "Kind of Document"),
            ("status", "Status"),
            ("disputed", "Disputed (Yes or No)"),
        ],
        string="Import As",
        help="Empty: the column is not imported.",
    )
