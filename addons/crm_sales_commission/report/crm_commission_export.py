import csv
import io
import re
from datetime import date

import xlsxwriter

from odoo import models

#: What a spreadsheet would take for a formula at the beginning of a text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _escape(text: str) -> str:
    """Text for a CSV file that a spreadsheet must not take for a formula; numbers stay numbers."""
    if text[:1] in _FORMULA and not re.fullmatch(r"-?[\d.]+", text):
        return "'" + text
    return text


class CrmCommissionExport(models.AbstractModel):
    """Statements for payroll: one sheet of sums, one that says why of each line."""

    _name = "crm.commission.export"
    _description = "Commission Export"

    def _get_sum_columns(self) -> list[tuple[str, str]]:
        """Title and field of the columns of the sheet of sums."""
        names = (
            "user_id",
            "company_id",
            "date_from",
            "date_to",
            "state",
            "opening_amount",
            "earned_amount",
            "payable_amount",
            "carried_amount",
            "currency_id",
        )
        return self._get_titles("crm.commission.statement", names)

    def _get_line_columns(self) -> list[tuple[str, str]]:
        """Title and field of the columns of the lines."""
        names = (
            "date",
            "document_name",
            "partner_id",
            "plan_id",
            "salesperson_id",
            "base",
            "rate",
            "amount",
            "currency_id",
            "reason",
        )
        return self._get_titles("crm.commission.event", names)

    def _get_titles(self, model: str, names) -> list[tuple[str, str]]:
        labels = self.env[model].fields_get(names, ["string"])
        return [(labels[name]["string"], name) for name in names]

    def _get_rows(self, statements):
        """The lines of statements, each with whose they are."""
        columns = self._get_line_columns()
        for statement in statements:
            for line in statement.line_ids.sorted(lambda row: (row.date, row.id)):
                yield [
                    statement.user_id.name,
                    statement.date_to,
                    *(self._get_value(line, name) for __, name in columns),
                ]

    def _get_header(self) -> list[str]:
        (user, __), (until, __) = self._get_titles(
            "crm.commission.statement", ("user_id", "date_to")
        )
        return [user, until, *(title for title, __ in self._get_line_columns())]

    def _get_value(self, record, name: str):
        value = record[name]
        field = record._fields[name]
        if field.type == "many2one":
            # Payroll need not be allowed to open customers and plans that it reads the names of.
            return value.sudo().display_name or ""
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if value is False and field.type in ("char", "date"):
            return ""
        return value

    def _get_csv(self, statements) -> bytes:
        """The lines of statements as CSV, with a byte order mark, for spreadsheets."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        for row in [self._get_header(), *self._get_rows(statements)]:
            writer.writerow([_escape(cell if isinstance(cell, str) else str(cell)) for cell in row])
        return buffer.getvalue().encode("utf-8-sig")

    def _get_xlsx(self, statements) -> bytes:
        """A workbook of statements: a sheet of sums, and one with why of each line."""
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
        columns = self._get_sum_columns()
        sums = [
            [self._get_value(statement, name) for __, name in columns] for statement in statements
        ]
        self._write_sheet(book, self.env._("Statements"), [[title for title, __ in columns], *sums])
        self._write_sheet(
            book, self.env._("Why"), [self._get_header(), *self._get_rows(statements)]
        )
        book.close()
        return buffer.getvalue()

    def _write_sheet(self, book, name: str, rows):
        sheet = book.add_worksheet(name[:31])
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        money = book.add_format({"num_format": "#,##0.00"})
        for row_number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(row_number, column, cell, bold if not row_number else None)
                elif isinstance(cell, date):
                    sheet.write_datetime(row_number, column, cell, day)
                else:
                    sheet.write_number(row_number, column, cell, money)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
