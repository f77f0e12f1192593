from .sheet import Sheet
from .table import Column, Table


class DefinitionSheet(Sheet):
    """What each column means."""

    def add(self):
        _ = self.env._
        self.table = Table(
            self.book,
            _("Definitions"),
            [
                Column("sheet", _("Sheet"), "text"),
                Column("column", _("Column"), "text", width=30),
                Column("definition", _("Definition"), "text", width=120),
            ],
            self.report._get_currencies(),
        )

    def write(self):
        self.table.write(self._get_rows())

    def _get_rows(self):
        for sheet in self.book.sheets:
            if sheet.table and sheet is not self:
                for column in sheet.table.columns:
                    yield None, [sheet.table.name, column.label, column.help]
