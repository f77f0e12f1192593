import base64
import codecs
import csv
import io
import json
from collections import defaultdict
from datetime import date, datetime, time
from itertools import islice
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from odoo.exceptions import UserError
from odoo.tools import SQL

from .values import (
    detect_date_format,
    detect_decimal_separator,
    escape_cell,
    find_field,
    unescape_cell,
)

_CUSTOMER_FIELDS = (
    "customer",
    "customer_ref",
    "customer_vat",
    "customer_name",
    "customer_email",
)

#: So many rows are looked at to find out formats.
_SAMPLE_ROWS = 5000

#: So many rows are stored by one statement.
_STORED_ROWS = 2000


#: Separators that the selection cannot be named by: a translated term's name holds no tab.
DELIMITERS = {"tab": "\t"}


class Reading:
    """Reading the file: row by row, so that memory does not grow with its length."""

    __slots__ = ()

    def _get_content(self) -> bytes:
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    def _is_xlsx(self, content: bytes) -> bool:
        return content.startswith(b"PK")

    def _detect_encoding(self, content: bytes) -> str:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        head = content[:2000]
        if head.count(0) > len(head) // 4:
            return "utf-16"
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return "latin-1"
        return "utf-8"

    def _detect_separator(self, content: bytes, encoding: str) -> str:
        """The separator that the header has most of, outside quotation marks."""
        first_line = next(iter(self._open_text(content[:20000], encoding, errors="replace")), "")
        unquoted = "".join(first_line.split('"')[::2])
        return max(
            (",", ";", "tab", "|"), key=lambda name: unquoted.count(DELIMITERS.get(name, name))
        )

    def _open_text(self, content: bytes, encoding: str, errors: str = "strict"):
        codec = {"utf-8": "utf-8-sig", "latin-1": "cp1252"}.get(encoding, encoding)
        if codec == "cp1252" and any(byte in content for byte in b"\x81\x8d\x8f\x90\x9d"):
            codec = "latin-1"
        elif codec == "utf-16" and not content.startswith(
            (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        ):
            codec = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        return io.TextIOWrapper(io.BytesIO(content), codec, errors=errors, newline="")

    def _read_rows(self, **options):
        """Yield ``(row number, [text of each cell])``, the header first; empty rows are left out.

        :param options: ``encoding`` and ``separator`` instead of those of the record.
        """
        content = self._get_content()
        if not content.strip():
            raise UserError(self.env._("The file is empty."))
        if self._is_xlsx(content):
            rows = self._read_xlsx(content)
        else:
            if content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8")):
                raise UserError(
                    self.env._("This is neither CSV nor XLSX. Save it as one of the two.")
                )
            rows = self._read_csv(
                content,
                options.get("encoding") or self.encoding or self._detect_encoding(content),
                options.get("separator") or self.separator or ",",
            )
        for number, texts in enumerate(rows, start=1):
            cells = [unescape_cell(text.strip()) for text in texts]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield number, cells

    def _read_csv(self, content: bytes, encoding: str, separator: str):
        labels = dict(self._fields["encoding"]._description_selection(self.env))
        number = 0
        try:
            reader = csv.reader(
                self._open_text(content, encoding),
                delimiter=DELIMITERS.get(separator, separator),
                strict=True,
            )
            for number, cells in enumerate(reader, start=1):
                if any("\0" in cell for cell in cells):
                    raise UserError(
                        self.env._(
                            "Row %(row)s holds characters that no text has. The file is neither CSV"
                            " nor XLSX, or its encoding is not %(encoding)s.",
                            row=number,
                            encoding=labels[encoding],
                        )
                    )
                yield cells
        except UnicodeError as error:
            raise UserError(
                self.env._(
                    "The encoding of the file is not %(encoding)s (after row %(row)s). Choose"
                    " another one.",
                    encoding=labels[encoding],
                    row=number,
                )
            ) from error
        except csv.Error as error:
            raise UserError(
                self.env._(
                    "After row %(row)s the file cannot be read as CSV: %(reason)s. Check its"
                    " quotation marks and the separator.",
                    row=number,
                    reason=error,
                )
            ) from error

    def _read_xlsx(self, content: bytes):
        """The rows of the first sheet."""
        try:
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
            raise UserError(self.env._("The XLSX file is damaged.")) from error
        try:
            if not book.worksheets:
                raise UserError(self.env._("The file is empty."))
            sheet = book.worksheets[0]
            # Some programs note a wrong size of the sheet, which would hide rows.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True):
                yield [self._get_cell_text(value) for value in row]
        finally:
            book.close()

    def _get_cell_text(self, value) -> str:
        """A cell as somebody would type it into a CSV file with the options of this import."""
        if value is None:
            return ""
        if isinstance(value, datetime):
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float):
            # Binary fractions: 55.940000000000005 is 55.94.
            text = f"{value:.6f}".rstrip("0").rstrip(".")
            return text.replace(".", self.decimal_separator or ".")
        return str(value).replace("\0", "")

    def _read_sample(self, **options) -> tuple[list[str], list[tuple[int, list[str]]]]:
        """The header and the first rows, with their row numbers."""
        rows = self._read_rows(**options)
        _number, header = next(rows, (0, []))
        sample = list(islice(rows, _SAMPLE_ROWS))
        if not sample:
            raise UserError(
                self.env._("The file is empty: it needs a header and at least one row below it.")
            )
        return header, sample

    def _prepare_columns(self, header: list[str], rows: list) -> list[dict]:
        """Values of the columns, each mapped to the field that its header means."""
        used = set()
        columns = []
        for index, name in enumerate(header):
            field = find_field(name)
            if field in used:
                field = None
            used.add(field)
            samples = [cells[index] if index < len(cells) else "" for _row, cells in rows[:3]]
            samples += [""] * (3 - len(samples))
            columns.append(
                {
                    "index": index,
                    "name": name or self.env._("Column %(number)s", number=index + 1),
                    "field": field or False,
                    **{f"sample_{n}": sample for n, sample in enumerate(samples, start=1)},
                }
            )
        if "customer" in used and used.intersection(_CUSTOMER_FIELDS) > {"customer"}:
            # "Customer" beside "Customer ID" is the name.
            for column in columns:
                if column["field"] == "customer" and "customer_name" not in used:
                    column["field"] = "customer_name"
        return columns

    def _detect_formats(self, fields_by_index: dict, rows: list) -> dict:
        """``date_format`` and ``decimal_separator``; False where the file does not tell."""

        def get_cells(*names):
            for _row, cells in rows:
                for index, field in fields_by_index.items():
                    if field in names and index < len(cells):
                        yield cells[index]

        return {
            "date_format": detect_date_format(get_cells("invoice_date", "due_date", "settled_date"))
            or False,
            "decimal_separator": detect_decimal_separator(get_cells("amount", "settled_amount"))
            or False,
        }

    def _check_columns(self):
        """What must be known before the first row is read."""
        labels = dict(
            self.env["accounting.import.column"]._fields["field"]._description_selection(self.env)
        )
        mapped = self.column_ids.filtered("field").mapped("field")
        if doubled := {field for field in mapped if mapped.count(field) > 1}:
            raise UserError(
                self.env._(
                    "Several columns are to be imported as %(names)s. Choose one.",
                    names=", ".join(labels[field] for field in sorted(doubled)),
                )
            )
        missing = [
            labels[field]
            for field in ("number", "invoice_date", "due_date", "amount")
            if field not in mapped
        ]
        if not set(_CUSTOMER_FIELDS).intersection(mapped):
            missing.append(labels["customer"])
        if "settled_amount" in mapped and "settled_date" not in mapped:
            missing.append(labels["settled_date"])
        if missing:
            raise UserError(
                self.env._(
                    "Missing columns: %(names)s. Say which columns of the file hold them.",
                    names=", ".join(missing),
                )
            )
        if not self.date_format:
            raise UserError(
                self.env._(
                    "The dates of the file can be read in two ways. Choose whether the day or the"
                    " month comes first."
                )
            )
        if not self.decimal_separator:
            raise UserError(
                self.env._(
                    "The amounts of the file can be read in two ways. Choose the decimal separator."
                )
            )

    def _store_rows(self) -> int:
        """Store all rows as waiting; rows that share a number are errors at once.

        :return: the number of rows.
        """
        index_by_field = {column.field: column.index for column in self.column_ids if column.field}
        customer_indexes = [
            index_by_field[field] for field in _CUSTOMER_FIELDS if field in index_by_field
        ]
        rows = self._read_rows()
        header_length = len(next(rows)[1])
        row_count = 0
        rows_by_number = defaultdict(list)
        while chunk := list(islice(rows, _STORED_ROWS)):
            padded = [(row, cells + [""] * (header_length - len(cells))) for row, cells in chunk]
            # One statement instead of 2,000 records: the rows need no computed field.
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO accounting_import_line
                           (import_id, state, row, number, customer, cells)
                    SELECT %s, 'pending', * FROM unnest(%s, %s, %s, %s::jsonb[])
                    """,
                    self.id,
                    [row for row, _cells in padded],
                    [cells[index_by_field["number"]] for _row, cells in padded],
                    [
                        " ".join(filter(None, (cells[index] for index in customer_indexes)))
                        for _row, cells in padded
                    ],
                    [json.dumps(cells) for _row, cells in chunk],
                )
            )
            for row, cells in padded:
                rows_by_number[cells[index_by_field["number"]]].append(row)
            row_count += len(chunk)
        if not row_count:
            raise UserError(self.env._("The file has a header, but no rows."))
        self.env["accounting.import.line"].invalidate_model()
        self._reject_duplicates(
            {number: rows for number, rows in rows_by_number.items() if number and len(rows) > 1}
        )
        self.invalidate_recordset()
        return row_count

    def _reject_duplicates(self, rows_by_number: dict[str, list[int]]):
        """Which of several rows with one number is right, nobody can tell: none is booked."""
        lines = self.env["accounting.import.line"].sudo()  # rows are written by the import only
        for number, rows in rows_by_number.items():
            shown = ", ".join(map(str, rows[:10])) + (", …" if len(rows) > 10 else "")
            lines.search([("import_id", "=", self.id), ("number", "=", number)]).write(
                {
                    "state": "error",
                    "column": self._get_column_name("number"),
                    "value": number,
                    "reason": self.env._(
                        "The number is in the file several times, in rows %(rows)s", rows=shown
                    ),
                }
            )

    def _get_column_name(self, field: str) -> str:
        """Header of the column that a field is read from; empty if there is none."""
        return self.column_ids.filtered(lambda column: column.field == field)[:1].name or ""

    def _get_error_file(self) -> str:
        """CSV of the rows that were not imported, with the reason, ready to be corrected.

        It has the columns of the file; the row number and the reason come last and are not
        imported when the file comes back.
        """
        buffer = io.StringIO()
        separator = self.separator or ","
        writer = csv.writer(buffer, delimiter=DELIMITERS.get(separator, separator))
        header = self.column_ids.sorted("index").mapped("name")
        writer.writerow(
            [escape_cell(cell) for cell in header] + [self.env._("Row"), self.env._("Reason")]
        )
        lines = self.env["accounting.import.line"].search(
            [("import_id", "=", self.id), ("state", "=", "error")], order="row"
        )
        for line in lines:
            # Cells beyond the header would move the reason out of its column.
            cells = [escape_cell(cell) for cell in line.cells[: len(header)]]
            cells += [""] * (len(header) - len(cells))
            reason = " ".join((line.reason or "").splitlines())
            writer.writerow([*cells, line.row, escape_cell(reason)])
        return buffer.getvalue()
