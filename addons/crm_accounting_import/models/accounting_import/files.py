"""What a file may be: its size, its letters, its sheets. Whatever it holds, reading it ends."""

import base64
import codecs
import io
import re
import struct
import zlib
from zipfile import BadZipFile, ZipFile

import chardet
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from odoo.exceptions import UserError

#: Of a larger table nothing is imported.
MAX_ROWS = 200_000
MAX_COLUMNS = 200
#: What an XLSX file may unpack to, in bytes: 100,000 rows take a fifth of it.
MAX_UNPACKED = 300 * 2**20
#: What a request reads itself, in bytes once it is unpacked: some 2,000 rows of XLSX, 10,000 of
#: CSV. What is larger is read by the scheduled action.
DIRECT_BYTES = 2**20
#: What a cell may hold. A longer one is cut: no number, date, amount or name is as long.
MAX_CELL = 1000

#: A formula whose value the file does not have: its program left it to a spreadsheet.
NO_VALUE = "#FORMULA!"

#: Whatever openpyxl and its parsers raise for a file that is damaged on purpose or by accident.
DAMAGES = (
    ArithmeticError,
    AttributeError,
    BadZipFile,
    EOFError,
    InvalidFileException,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

#: How letters may be stored, by the names of the selection.
ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "latin-1": "cp1252",
    "cp1250": "cp1250",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
}
#: What chardet calls letters of several bytes, which nothing else looks like.
SEVERAL_BYTES = {
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "shift_jis": "shift_jis",
    "cp932": "shift_jis",
}
SURE = 0.95

#: The beginning of a formula in the XML of a sheet.
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_CHUNK = 2**20

#: The first line by which some programs say the separator.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)


def decode(env, content) -> bytes:
    """:raise UserError: it is not base64."""
    try:
        return base64.b64decode(content)
    except ValueError as error:
        raise UserError(env._("The content of the file is not base64.")) from error


def detect_encoding(content: bytes) -> str | None:
    """The encoding of a text, if it can be only one; ``None`` if it must be asked for.

    Of letters of one byte Western and Central European ones cannot be told apart, unless they are
    the same in both: é is, č is not.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:2000]
    if head.count(0) > len(head) // 4:
        return "utf-16"
    if is_decodable(content, "utf-8"):
        return "utf-8"
    letters = b"".join(line for line in content.splitlines() if not line.isascii())[:50_000]
    guess = chardet.detect(letters)
    found = SEVERAL_BYTES.get((guess["encoding"] or "").lower())
    if found and guess["confidence"] >= SURE and is_decodable(content, found):
        return found
    western, central = (content.decode(codec, "replace") for codec in ("cp1252", "cp1250"))
    return "latin-1" if western == central else None


def is_decodable(content: bytes, encoding: str) -> bool:
    """Whether the content can be text in this encoding (a name of the selection)."""
    try:
        content.decode(ENCODINGS[encoding])
    except UnicodeDecodeError:
        return False
    return True


def open_text(content: bytes, encoding: str, errors: str = "strict"):
    """The content as a text file."""
    codec = ENCODINGS[encoding]
    if codec == "cp1252" and any(byte in content for byte in b"\x81\x8d\x8f\x90\x9d"):
        codec = "latin-1"
    elif codec == "utf-16" and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    return io.TextIOWrapper(io.BytesIO(content), codec, errors=errors, newline="")


def find_separator_line(line: str) -> str | None:
    """The separator that a first line ``sep=;`` names."""
    match = _SEPARATOR_LINE.match(line.strip())
    return match and match[1]


def is_large(content: bytes) -> bool:
    """Whether reading the content takes longer than a request may."""
    size = len(content)
    if content.startswith(b"PK"):
        try:
            with ZipFile(io.BytesIO(content)) as archive:
                # No more than it says is unpacked.
                size = sum(member.file_size for member in archive.infolist())
        except DAMAGES:
            return False
    return size > DIRECT_BYTES


class Workbook:
    """An XLSX file whose rows are read one by one, within bounds."""

    def __init__(self, env, content: bytes):
        self.env = env
        try:
            with ZipFile(io.BytesIO(content)) as archive:
                unpacked = sum(member.file_size for member in archive.infolist())
                if unpacked > MAX_UNPACKED:
                    raise UserError(
                        env._("The XLSX file unpacks to more than it may. Split it, or use CSV.")
                    )
                has_formulas = self._has_formulas(archive)
            self.book = self._load(content, data_only=True)
            # Reading twice takes twice as long: only where values may be missing.
            self.formulas = self._load(content, data_only=False) if has_formulas else None
        except DAMAGES as error:
            raise UserError(env._("The XLSX file is damaged.")) from error

    @staticmethod
    def _load(content: bytes, data_only: bool):
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)

    @staticmethod
    def _has_formulas(archive: ZipFile) -> bool:
        """Whether a sheet may have a formula."""
        for name in archive.namelist():
            if not name.endswith(".xml") or name.endswith(("styles.xml", "sharedStrings.xml")):
                continue
            with archive.open(name) as member:
                before = b""
                while chunk := member.read(_CHUNK):
                    # Letters of two bytes: nobody looks through them.
                    if b"\0" in chunk[:100] or _FORMULA.search(before + chunk):
                        return True
                    before = chunk[-20:]
        return False

    @property
    def sheet_names(self) -> list[str]:
        return [sheet.title for sheet in self.book.worksheets]

    def iter_rows(self, name: str | None):
        """Yield the values of each row of a sheet, the first one without a name; at least as many
        as the widest row so far has.

        Rows that the file leaves out count, as somebody sees them in a spreadsheet.

        :raise UserError: there is no such sheet, or the file is damaged.
        """
        sheets = {sheet.title: sheet for sheet in self.book.worksheets}
        if not sheets:
            raise UserError(self.env._("The file is empty."))
        if name and name not in sheets:
            raise UserError(
                self.env._(
                    "The file has no sheet %(name)s. It has: %(names)s",
                    name=name,
                    names=", ".join(sheets),
                )
            )
        name = name or next(iter(sheets))
        try:
            if not self.formulas:
                yield from self._trim(self._iter_sheet(sheets[name]))
                return
            rows = [self._iter_sheet(sheet) for sheet in (sheets[name], self.formulas[name])]
            yield from self._trim(
                tuple(
                    NO_VALUE if value is None and formula is not None else value
                    for value, formula in zip(values, formulas, strict=True)
                )
                for values, formulas in zip(*map(self._trim, rows), strict=True)
            )
        except DAMAGES as error:
            raise UserError(self.env._("The XLSX file is damaged.")) from error

    @staticmethod
    def _iter_sheet(sheet):
        # Some programs note a wrong size of the sheet, which would hide rows.
        sheet.reset_dimensions()
        return sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True)

    @staticmethod
    def _trim(rows):
        """Rows without the empty cells behind the last column, which are many."""
        width = 0
        for row in rows:
            rest = row[width:]
            if rest.count(None) < len(rest):
                width = 1 + max(index for index, value in enumerate(row) if value is not None)
            yield row[:width]

    def close(self):
        self.book.close()
        if self.formulas:
            self.formulas.close()
