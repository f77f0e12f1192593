"""Rows as XML.

XlsxWriter makes an object of each cell and writes it piece by piece. In tables of millions of cells
that takes longer than a web server lets a request take; a row as one text takes a tenth of it.
"""

import re
from html import escape

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from .text import clean_text, to_excel_day

#: What a reader would take for an escaped character.
ESCAPED = re.compile("(_x[0-9a-fA-F]{4}_)")


class RowSheet(Worksheet):
    """A sheet of a workbook in constant memory to which whole rows can be added."""

    def append_row(self, row: int, cells: list[str]):
        """Write a row below all others.

        :param row: from 0
        :param cells: made by :func:`make_cell_writer`, from left to right
        """
        self._check_dimensions(row, 0)
        self._write_single_row(row)  # what was written before
        self.fh.write(f'<row r="{row + 1}">{"".join(cells)}</row>')


def make_cell_writer(column: int, kind: str, cell_format):
    """A function of a row's number, from 1, and a value that returns the XML of the cell."""
    name = xl_col_to_name(column)
    style = cell_format._get_xf_index()
    if kind == "text":
        return lambda row, value: (
            f'<c r="{name}{row}" s="{style}" t="inlineStr">'
            f'<is><t xml:space="preserve">{_escape(value)}</t></is></c>'
        )
    if kind == "boolean":
        return lambda row, value: f'<c r="{name}{row}" s="{style}" t="b"><v>{int(value)}</v></c>'
    if kind == "date":
        return lambda row, value: f'<c r="{name}{row}" s="{style}"><v>{to_excel_day(value)}</v></c>'
    return lambda row, value: f'<c r="{name}{row}" s="{style}"><v>{value!r}</v></c>'


def _escape(value) -> str:
    return ESCAPED.sub(r"_x005F\1", escape(clean_text(value), quote=False))
