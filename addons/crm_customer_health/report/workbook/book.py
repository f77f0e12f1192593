"""The file and its formats."""

import re

import xlsxwriter

from .text import clean_text, to_excel_day

HEADER_STYLE = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#e9ecef"}
TOTAL_STYLE = {"bold": True, "top": 1}
NUMBER_FORMATS = {
    "date": 14,  # the short date of the reader's own country
    "datetime": 22,
    "integer": "#,##0",
    "number": "#,##0.00",
    "percent": "0.00%",
}


class Book:
    """A workbook of which one row at a time is in memory."""

    def __init__(self, file, folder: str):
        """
        :param file: a binary file to write to
        :param folder: where sheets are kept until they are put together; the caller removes it
        """
        self.workbook = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_numbers": False,
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        self._formats = {}
        self.sheets = []

    def fill(self, sheets):
        """Add and write all sheets, and finish the file."""
        self.sheets = sheets
        for sheet in sheets:
            sheet.add()
        for sheet in sorted(sheets, key=lambda sheet: sheet.sums_up):
            sheet.fill()
        self.close()

    def close(self):
        self.workbook.close()

    def add_sheet(self, name: str):
        """A sheet of this name, made different from the others if need be."""
        # Nothing that Excel forbids in a name; the apostrophe would have to be doubled in formulas.
        base = clean_text(re.sub(r"[\[\]:*?/\\']", "", name))[:28]
        taken = {sheet.name.lower() for sheet in self.workbook.worksheets()}
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base} {number}"
        return self.workbook.add_worksheet(name)

    def get_format(self, kind: str, decimal_places: int = 2, **style):
        """The format of a kind of value; money has the decimals of its currency."""
        key = (kind, decimal_places, *sorted(style.items()))
        if key not in self._formats:
            number_format = NUMBER_FORMATS.get(kind)
            if kind == "money":
                number_format = "#,##0" + (f".{'0' * decimal_places}" if decimal_places else "")
            if number_format is not None:
                style["num_format"] = number_format
            self._formats[key] = self.workbook.add_format(style)
        return self._formats[key]

    def write_cell(self, sheet, row: int, column: int, value, kind: str, cell_format):
        """Write one value with its type; nothing where there is no value."""
        if value is None:
            return
        if kind == "text":
            sheet.write_string(row, column, clean_text(value), cell_format)
        elif kind == "boolean":
            sheet.write_boolean(row, column, value, cell_format)
        elif kind == "date":
            sheet.write_number(row, column, to_excel_day(value), cell_format)
        elif kind == "datetime":
            sheet.write_datetime(row, column, value, cell_format)
        else:
            sheet.write_number(row, column, value, cell_format)
