from datetime import timedelta

from odoo import api, fields
from odoo.tools import SQL

#: So many days a preview waits for somebody to book it.
PREVIEW_DAYS = 30
#: So many days what stood in the file is kept of rows that were worked off.
CELL_DAYS = 90

#: So many imports and rows are cleaned up at a time.
_IMPORTS = 5
_ROWS = 20_000


class Cleaning:
    """Old rows go; what became of each, and the file itself, stay as the log."""

    __slots__ = ()

    @api.autovacuum
    def _gc_previews(self):
        """Forget the rows of previews that nobody booked: the file can be read again."""
        limit = fields.Datetime.now() - timedelta(days=PREVIEW_DAYS)
        domain = [("state", "=", "checked"), ("started_at", "<", limit)]
        records = self.search(domain, order="id", limit=_IMPORTS).try_lock_for_update(
            allow_referencing=True
        )
        records.action_back()
        return len(records), bool(records) and self.search_count(domain, limit=1)

    @api.autovacuum
    def _gc_cells(self):
        """Drop the copies of the cells, but of rows with errors: they can still be downloaded."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import_line SET cells = NULL
                 WHERE id IN (
                       SELECT line.id
                         FROM accounting_import_line line
                         JOIN accounting_import import ON import.id = line.import_id
                        WHERE import.state IN ('done', 'undone')
                          AND import.finished_at < %s
                          AND line.state != 'error'
                          AND line.cells IS NOT NULL
                        LIMIT %s
                          FOR UPDATE OF line SKIP LOCKED
                       )
                """,
                fields.Datetime.now() - timedelta(days=CELL_DAYS),
                _ROWS,
            )
        )
        count = self.env.cr.rowcount
        self.env["accounting.import.line"].invalidate_model(["cells"])
        return count, count == _ROWS
