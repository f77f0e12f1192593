from odoo import fields, models

from .accounting_import.part import Part


class AccountingImportColumn(Part, models.Model):
    """One column of the file: what it holds, and what becomes of it."""

    _name = "accounting.import.column"
    _description = "Column of an Import"
    _order = "index"

    import_id = fields.Many2one("accounting.import", required=True, index=True, ondelete="cascade")
    index = fields.Integer(required=True, readonly=True)
    name = fields.Char("Column", required=True, readonly=True)
    is_doubled = fields.Boolean(
        readonly=True, help="Another column of the file has the same name, and another meaning."
    )
    sample_1 = fields.Char("Example 1", readonly=True)
    sample_2 = fields.Char("Example 2", readonly=True)
    sample_3 = fields.Char("Example 3", readonly=True)
    notes = fields.Text(
        readonly=True, help="What all its cells have in common: kinds of dates and amounts, words."
    )
    field = fields.Selection(
        [
            ("number", "Invoice Number"),
            ("invoice_date", "Invoice Date"),
            ("due_date", "Due Date"),
            ("amount", "Amount (Negative: Credit Note)"),
            ("net", "Net Amount (If There Is No Total)"),
            ("tax", "Tax (If There Is No Total)"),
            ("currency", "Currency Code"),
            ("customer", "Customer (Any of the Below)"),
            ("customer_ref", "Customer Reference"),
            ("customer_vat", "Customer Tax ID"),
            ("customer_name", "Customer Name"),
            ("customer_email", "Customer E-Mail"),
            ("opportunity", "Opportunity"),
            ("salesperson", "Salesperson"),
            ("terms", "Payment Terms (If There Is No Due Date)"),
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
