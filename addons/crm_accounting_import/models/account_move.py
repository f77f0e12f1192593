from odoo import fields, models


class AccountMove(models.Model):
    """An imported invoice keeps its number: form and gaps are the other program's affair."""

    _inherit = "account.move"

    accounting_import_line_ids = fields.One2many(
        "accounting.import.line",
        "move_id",
        groups="account.group_account_invoice",
        help="The rows of imported files that made or updated this invoice.",
    )

    def _is_imported_document(self) -> bool:
        self.ensure_one()
        return self.journal_id.is_accounting_import and self.journal_id.type == "sale"

    def _sequence_matches_date(self):
        return self._is_imported_document() or super()._sequence_matches_date()

    def _compute_made_sequence_gap(self):
        # A journal is for imports from its creation on: with no dependency on that, uninstalling
        # leaves Odoo's own fields that depend on this one alone.
        imported = self.filtered(lambda move: move._is_imported_document())
        imported.made_sequence_gap = False
        return super(AccountMove, self - imported)._compute_made_sequence_gap()
