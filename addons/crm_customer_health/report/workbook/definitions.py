from .sheet import Sheet
from .table import Column, Table


class DefinitionSheet(Sheet):
    """What each column means."""

    def add(self):
        self.table = Table(
            self.book,
            self.env._("Definitions"),
            [
                Column("sheet", self.env._("Sheet"), "text"),
                Column("column", self.env._("Column"), "text", width=30),
                Column("definition", self.env._("Definition"), "text", width=120),
            ],
            self.report._get_currencies(),
        )

    def fill(self):
        self.table.fill(self._get_rows())

    def _get_rows(self):
        for sheet in self.book.sheets:
            if sheet.table and sheet is not self:
                for column in sheet.table.columns:
                    yield None, [sheet.table.name, column.label, column.help]
