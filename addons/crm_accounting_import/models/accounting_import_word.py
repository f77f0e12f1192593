from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .accounting_import.part import Part

#: What a word of a column may mean.
MEANINGS = {
    "kind": ("invoice", "credit_note", "payment", "on_account", "left_out"),
    "status": ("open", "paid", "left_out"),
}


class AccountingImportWord(Part, models.Model):
    """A word that another program writes for a kind of document or a status, explained once."""

    _name = "accounting.import.word"
    _description = "Word of an Import"
    _order = "field, row_count desc, name"

    import_id = fields.Many2one("accounting.import", required=True, index=True, ondelete="cascade")
    field = fields.Selection(
        [("kind", "Kind of Document"), ("status", "Status")],
        string="Column",
        required=True,
        readonly=True,
    )
    name = fields.Char("Word", required=True, readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    meaning = fields.Selection(
        [
            ("invoice", "Invoice"),
            ("credit_note", "Credit Note"),
            ("payment", "Payment of the Invoice with This Number"),
            ("on_account", "Payment on Account"),
            ("open", "Open"),
            ("paid", "Paid"),
            ("left_out", "Leave Out"),
        ],
        help="Empty: rows with this word are errors.",
    )

    _word_uniq = models.UniqueIndex("(import_id, field, name)", "A word has one meaning.")

    @api.constrains("field", "meaning")
    def _check_meaning(self):
        for word in self:
            if word.meaning and word.meaning not in MEANINGS[word.field]:
                labels = dict(self._fields["meaning"]._description_selection(self.env))
                raise ValidationError(
                    self.env._(
                        "“%(word)s” cannot mean that here. It can be: %(meanings)s",
                        word=word.name,
                        meanings=", ".join(labels[name] for name in MEANINGS[word.field]),
                    )
                )
