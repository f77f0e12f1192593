import csv
import io
import re
from collections import Counter
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice

from odoo.exceptions import UserError

from .files import (
    ENCODINGS,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Workbook,
    decode,
    detect_encoding,
    find_separator_line,
    open_text,
)
from .profiling import Profile, load_signs
from .storing import CUSTOMER_FIELDS
from .values import (
    escape_cell,
    find_field,
    is_general,
    is_tax_id,
    is_yes_or_no,
    judge_amount_signs,
    judge_date_signs,
    unescape_cell,
)

#: So many rows are looked at to find out what a column is. What its dates and amounts are is found
#: out from all of them.
_SAMPLE_ROWS = 5000

DATE_FIELDS = ("invoice_date", "due_date", "settled_date")
AMOUNT_FIELDS = ("amount", "settled_amount", "balance", "credit", "net", "tax")

#: Among so many rows the header is looked for, and in so many sheets.
_HEADER_ROWS = 30
_SHEETS = 20

#: How letters are stored by programs of a country, by language.
PROPOSED_ENCODINGS = {
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250"),
    "ja": "shift_jis",
    "zh": "gb18030",
    "zh_TW": "big5",
    "zh_HK": "big5",
}

SEPARATORS = (",", ";", "|")
#: Separators that the selection cannot be named by: a translated term's name holds no tab.
DELIMITERS = {"tab": "\t"}


class Reading:
    """Reading the file: row by row, so that memory does not grow with its length."""

    __slots__ = ()

    def _get_content(self) -> bytes:
        return decode(self.env, self.with_context(bin_size=False).file or b"")

    def _is_xlsx(self, content: bytes) -> bool:
        return content.startswith(b"PK")

    def _detect_separator(self, content: bytes, encoding: str) -> str:
        """The separator that the file names, or that its first lines have most of, outside
        quotation marks.
        """
        lines = list(islice(open_text(content[:20000], encoding, errors="replace"), _HEADER_ROWS))
        named = find_separator_line(lines[0]) if lines else None
        by_sign = {sign: name for name, sign in DELIMITERS.items()}
        if named and by_sign.get(named, named) in (*SEPARATORS, *DELIMITERS):
            return by_sign.get(named, named)
        unquoted = ["".join(line.split('"')[::2]) for line in lines]
        return max(
            (*SEPARATORS, *DELIMITERS),
            key=lambda name: max(
                (line.count(DELIMITERS.get(name, name)) for line in unquoted), default=0
            ),
        )

    def _find_encoding(self, content: bytes) -> str | None:
        """The encoding in which the names of the columns are words that we know; ``None`` if they
        are in several, or in none.
        """
        known = {}
        for name in ENCODINGS:
            lines = islice(open_text(content[:20000], name, errors="replace"), _HEADER_ROWS)
            known[name] = max(
                (
                    len({find_field(cell) for cell in re.split(r"[,;|\t]", line)} - {None})
                    for line in lines
                ),
                default=0,
            )
        best = [name for name, count in known.items() if count == max(known.values())]
        return best[0] if len(best) == 1 else None

    def _propose_encoding(self) -> str:
        """What to show a file with whose letters can be read in several ways: as in the user's
        country.
        """
        lang = self.env.user.lang or ""
        return PROPOSED_ENCODINGS.get(lang) or PROPOSED_ENCODINGS.get(lang[:2], "latin-1")

    def _read_rows(self, **options):
        """Yield ``(row number, [text of each cell])``, the header first; empty rows and what stands
        above the header are left out.

        :param options: ``encoding``, ``separator``, ``sheet_name`` and ``header_row`` instead of
            those of the record; ``book``, the workbook if it is open already.
        :raise UserError: the file is none, or larger than an import may be.
        """
        content = self._get_content()
        if not content.strip():
            raise UserError(self.env._("The file is empty."))
        if self._is_xlsx(content):
            sheet_name = options.get("sheet_name") or self.sheet_name
            rows = self._read_xlsx(content, sheet_name, options.get("book"))
        else:
            if content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8")):
                raise UserError(
                    self.env._("This is neither CSV nor XLSX. Save it as one of the two.")
                )
            encoding = options.get("encoding") or self.encoding or detect_encoding(content)
            rows = self._read_csv(
                content,
                encoding or self._propose_encoding(),
                options.get("separator") or self.separator or ",",
            )
        header_row = options.get("header_row", self.header_row) or 1
        for number, texts in enumerate(rows, start=1):
            if number > MAX_ROWS:
                raise UserError(
                    self.env._(
                        "The file has rows beyond number %(number)s. Split it.", number=MAX_ROWS
                    )
                )
            cells = [unescape_cell(text[:MAX_CELL].strip()) for text in texts]
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) > MAX_COLUMNS:
                raise UserError(
                    self.env._(
                        "Row %(row)s has more than %(number)s columns.",
                        row=number,
                        number=MAX_COLUMNS,
                    )
                )
            if cells and number >= header_row:
                yield number, cells

    def _find_header_row(self, **options) -> int:
        """The row with the names of the columns: of the first ones that which means most to us.
        Titles and totals may stand above it. The first one, if none means anything.
        """
        best, best_count = 1, 1
        for number, cells in islice(self._read_rows(**options, header_row=1), _HEADER_ROWS):
            count = len({find_field(cell) for cell in cells} - {None})
            if count > best_count:
                best, best_count = number, count
        return best

    def _read_csv(self, content: bytes, encoding: str, separator: str):
        labels = dict(self._fields["encoding"]._description_selection(self.env))
        number = 0
        try:
            reader = csv.reader(
                open_text(content, encoding),
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
                names_separator = number == 1 and find_separator_line(separator.join(cells))
                yield [] if names_separator else cells
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

    @contextmanager
    def _open_book(self):
        """The workbook, opened once for whatever is to be read from it; ``None`` of a CSV file."""
        content = self._get_content()
        book = Workbook(self.env, content) if self._is_xlsx(content) else None
        try:
            yield book
        finally:
            if book:
                book.close()

    def _read_xlsx(self, content: bytes, sheet_name: str | None, opened=None):
        book = opened or Workbook(self.env, content)
        try:
            for row in book.iter_rows(sheet_name):
                # Rows that the file leaves out are many, if it is meant to harm.
                is_empty = row.count(None) == len(row)
                yield [] if is_empty else [self._get_cell_text(value) for value in row]
        finally:
            if not opened:
                book.close()

    def _find_sheet(self, book: Workbook) -> str:
        """The first sheet in which a header is understood; the first one, if there is none."""
        names = book.sheet_names
        for name in names[:_SHEETS] if len(names) > 1 else ():
            for row in islice(book.iter_rows(name), _HEADER_ROWS):
                if len({find_field(self._get_cell_text(value)) for value in row} - {None}) > 2:
                    return name
        return names[0] if names else ""

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

    def _read_whole(self, report=None, **options) -> tuple[list[str], list, list[str], int]:
        """Read all rows once, and keep what the columns are like.

        :param report: called with the number of rows so far, from time to time.
        :return: the header, the first rows with their row numbers, the notes on each column, and
            the number of rows.
        """
        rows = self._read_rows(**options)
        _number, header = next(rows, (0, []))
        profiles = [Profile() for _name in header]
        sample, count = [], 0
        for count, (number, cells) in enumerate(rows, start=1):
            if count <= _SAMPLE_ROWS:
                sample.append((number, cells))
            for profile, text in zip(profiles, cells, strict=False):
                profile.add(text)
            if report:
                report(count)
        if not sample:
            raise UserError(
                self.env._("The file is empty: it needs a header and at least one row below it.")
            )
        return header, sample, [profile.dump() for profile in profiles], count

    def _prepare_columns(self, header: list[str], rows: list, notes: list[str]) -> list[dict]:
        """Values of the columns, each mapped to the field that its header means."""
        used = set()
        columns = []
        specific = {find_field(name) for name in header if not is_general(name)}
        doubled = {name for name, count in Counter(header).items() if name and count > 1}
        for index, name in enumerate(header):
            field = find_field(name)
            if field in specific and is_general(name):
                field = None
            if field == "customer_vat" and not self._has_tax_ids(index, rows):
                field = "tax"
            if field in used or not self._can_hold(field, index, rows):
                field = None
            used.add(field)
            samples = [cells[index] if index < len(cells) else "" for _row, cells in rows[:3]]
            samples += [""] * (3 - len(samples))
            columns.append(
                {
                    "index": index,
                    "name": self._get_unique_name(name, index, is_doubled=name in doubled),
                    "field": field or False,
                    "is_doubled": name in doubled,
                    "notes": notes[index],
                    **{f"sample_{n}": sample for n, sample in enumerate(samples, start=1)},
                }
            )
        if "customer" in used and used.intersection(CUSTOMER_FIELDS) > {"customer"}:
            # "Customer" beside "Customer ID" is the name.
            for column in columns:
                if column["field"] == "customer" and "customer_name" not in used:
                    column["field"] = "customer_name"
        return columns

    def _get_unique_name(self, name: str, index: int, is_doubled: bool) -> str:
        """Columns are told apart by their names, also by other programs."""
        if not name:
            return self.env._("Column %(number)s", number=index + 1)
        if not is_doubled:
            return name
        return self.env._("%(name)s (column %(number)s)", name=name, number=index + 1)

    @staticmethod
    def _can_hold(field: str | None, index: int, rows: list) -> bool:
        """Whether a column can be what its header means: *Paid* may be an amount, or yes and no;
        *VAT* the tax ID, an amount, or a rate.
        """
        texts = [cells[index] for _row, cells in rows if index < len(cells) and cells[index]]
        if field == "tax":
            return not any("%" in text for text in texts)
        if field != "settled_amount" or not texts:
            return True
        return not all(map(is_yes_or_no, texts))

    def _has_tax_ids(self, index: int, rows: list) -> bool:
        """Whether a column of that name holds tax IDs: often it is an amount or a rate of tax."""
        texts = [cells[index] for _row, cells in rows if index < len(cells) and cells[index]]
        return not texts or any(map(is_tax_id, texts))

    @staticmethod
    def _detect_formats(columns) -> tuple[dict, set[str]]:
        """What the rows of the mapped columns tell, all of them.

        :param columns: records, or their values.
        :return: ``date_format`` and ``decimal_separator``, False where they do not tell; and which
            of the two they contradict each other about. There nothing but the person's word holds.
        """
        dates, amounts, contradicted = set(), set(), set()
        for column in columns:
            signs = load_signs(column["notes"])
            if column["field"] in DATE_FIELDS:
                dates |= signs
                # A spreadsheet turned some into dates, maybe with day and month exchanged.
                if {"iso", "date"} <= signs:
                    contradicted.add("date_format")
            elif column["field"] in AMOUNT_FIELDS:
                amounts |= signs
        if {"first", "second"} <= dates:
            contradicted.add("date_format")
        if {".", ","} <= amounts:
            contradicted.add("decimal_separator")
        found = {
            "date_format": judge_date_signs(dates) or False,
            "decimal_separator": judge_amount_signs(amounts) or False,
        }
        return found | dict.fromkeys(contradicted, False), contradicted

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
