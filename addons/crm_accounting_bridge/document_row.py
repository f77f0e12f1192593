class DocumentRow:
    """A row about a document that is named by ``res_model`` and ``res_id``."""

    __slots__ = ()

    def action_view_document(self):
        """Open the document."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
