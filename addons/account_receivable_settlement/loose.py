"""Fields of rows that follow the books, and never stand in the way of who keeps them."""

from odoo import fields


class LooseMany2one(fields.Many2one):
    """A many2one without a foreign key, for rows that scheduled actions write of documents.

    With one, whoever deletes a document deletes these rows, and fails where an action has written
    them at the same moment. Without, they point nowhere until the action comes again, in seconds:
    who reads them leaves out those whose document is gone.
    """

    def update_db_foreign_key(self, model, column):
        """There is none."""
