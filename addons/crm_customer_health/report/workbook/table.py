"""A sheet that is a table: header, typed rows, totals as formulas."""

from collections import defaultdict
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from .book import HEADER_STYLE, TOTAL_STYLE, Book

WIDTHS = {"text": 18, "money": 14, "date": 12, "boolean": 10}
#: SUBTOTAL's number for the sum of the rows that a filter leaves.
SUM_OF_VISIBLE = 109


@dataclass
class Column:
    """A column of a table.

    ``kind`` is ``text``, ``money``, ``number``, ``integer``, ``percent``, ``date`` or ``boolean``;
    ``help`` explains it on the sheet of definitions. What says the same in each row is hidden:
    formulas need it.
    """

    name: str
    label: str
    kind: str
    help: str = ""
    width: int = 0
    is_summed: bool = False
    is_hidden: bool = False


@dataclass
class Part:
    """The rows of a table on one sheet; a sheet holds only so many."""

    sheet: object
    last_row: int = 0


class Table:
    """Writes rows as they come, and continues on another sheet where one is full.

    Amounts are in the currency of their row: totals are per currency, never across.
    """

    def __init__(self, book: Book, name: str, columns: list[Column], currencies, total_label=""):
        """
        :param currencies: all currencies that rows may have
        """
        self.book = book
        self.name = name
        self.total_label = total_label
        self.columns = columns
        self.position = {column.name: number for number, column in enumerate(columns)}
        self.currencies = {currency.id: currency for currency in currencies}
        self.parts = []
        self._totals = {}
        self._begin_part()

    @property
    def sheet_name(self) -> str:
        return self.parts[0].sheet.name

    def fill(self, rows):
        """Write all rows, and their totals below.

        :param rows: pairs of a currency id, or ``None`` for rows without amounts, and the values of
            a row, in the order of the columns
        """
        formats = {
            currency_id: self._get_formats(currency.decimal_places)
            for currency_id, currency in self.currencies.items()
        }
        formats[None] = self._get_formats(0)
        summed = [number for number, column in enumerate(self.columns) if column.is_summed]
        for currency_id, values in rows:
            if self.parts[-1].last_row >= self._get_last_possible_row():
                self._end_part()
                self._begin_part()
            part = self.parts[-1]
            part.last_row += 1
            self._write_row(part, values, formats[currency_id])
            totals = self._totals[currency_id]
            for number in summed:
                totals[number] += values[number] or 0
        self._end_part()

    def get_ranges(self, name: str) -> list[str]:
        """Where the values of a column are, for formulas on other sheets."""
        column = xl_col_to_name(self.position[name])
        return [
            f"'{part.sheet.name}'!${column}$2:${column}${part.last_row + 1}"
            for part in self.parts
            if part.last_row
        ]

    def _get_formats(self, decimal_places: int) -> list:
        return [self.book.get_format(column.kind, decimal_places) for column in self.columns]

    def _write_row(self, part, values, formats):
        for number, (column, value, cell_format) in enumerate(
            zip(self.columns, values, formats, strict=True)
        ):
            self.book.write_cell(part.sheet, part.last_row, number, value, column.kind, cell_format)

    def _get_last_possible_row(self) -> int:
        # Below the rows there is a total for each currency.
        return self.parts[-1].sheet.xls_rowmax - 1 - len(self.currencies)

    def _begin_part(self):
        sheet = self.book.add_sheet(self.name)
        self.parts.append(Part(sheet))
        self._totals = defaultdict(lambda: defaultdict(float))
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.freeze_panes(1, self.position.get("partner_id", -1) + 1)
        header = self.book.get_format("text", **HEADER_STYLE)
        for number, column in enumerate(self.columns):
            width = column.width or WIDTHS.get(column.kind, 11)
            sheet.set_column(
                number,
                number,
                max(width, len(column.label) // 2 + 4),
                options={"hidden": True} if column.is_hidden else {},
            )
            self.book.write_cell(sheet, 0, number, column.label, "text", header)

    def _end_part(self):
        part = self.parts[-1]
        part.sheet.autofilter(0, 0, part.last_row, len(self.columns) - 1)
        row = part.last_row
        for currency_id in self._totals if any(c.is_summed for c in self.columns) else ():
            row += 1
            self._write_total(row, self.currencies[currency_id])

    def _write_total(self, row: int, currency):
        sheet = self.parts[-1].sheet
        label_format = self.book.get_format("text", **TOTAL_STYLE)
        label = self.total_label
        if len(self._totals) > 1:
            label = f"{label} {currency.name}"
        first = next(number for number, column in enumerate(self.columns) if not column.is_hidden)
        for number, column in enumerate(self.columns):
            if number == first:
                self.book.write_cell(sheet, row, number, label, "text", label_format)
                continue
            if not column.is_summed:
                sheet.write_blank(row, number, None, label_format)
                continue
            value = self._totals[currency.id][number]
            sheet.write_formula(
                row,
                number,
                self._get_total_formula(number, currency),
                self.book.get_format(column.kind, currency.decimal_places, **TOTAL_STYLE),
                currency.round(value) if column.kind == "money" else value,
            )

    def _get_total_formula(self, number: int, currency) -> str:
        """The sum of the rows that a filter leaves; of several currencies the sum of each."""
        last_row = self.parts[-1].last_row
        values = self._get_range(number, last_row)
        if len(self._totals) == 1:
            return f"=SUBTOTAL({SUM_OF_VISIBLE},{values})"
        codes = self._get_range(self.position["currency_id"], last_row)
        return f'=SUMIFS({values},{codes},"{currency.name}")'

    @staticmethod
    def _get_range(number: int, last_row: int) -> str:
        return f"{xl_rowcol_to_cell(1, number)}:{xl_rowcol_to_cell(last_row, number)}"
