import hashlib

from .files import detect_encoding, is_decodable
from .values import normalize_word


class Remembering:
    """What was chosen for a file with the same columns holds for the next one, as far as the file
    itself does not tell.
    """

    __slots__ = ()

    def _get_header(self, book=None) -> dict:
        """Where the rows of the file are: ``encoding`` and ``separator``, or ``sheet_name``;
        ``header_row``, and ``header_key``, which files with the same columns share.
        """
        values = {}
        if self.is_csv:
            content = self._get_content()
            # Where it is not certain somebody has to choose it.
            values["encoding"] = (
                self.encoding or detect_encoding(content) or self._find_encoding(content) or False
            )
            values["separator"] = self.separator or self._detect_separator(
                content, values["encoding"] or self._propose_encoding()
            )
        else:
            values["sheet_name"] = self.sheet_name or self._find_sheet(book)
        values["header_row"] = self.header_row or self._find_header_row(**values, book=book)
        _number, header = next(self._read_rows(**values, book=book), (0, []))
        # Letters that are not known yet do not count.
        names = "|".join(normalize_word(name) for name in header).encode("ascii", "ignore")
        values["header_key"] = hashlib.sha256(names).hexdigest()
        if self.is_csv and not values["encoding"]:
            encoding = self._find_former(values["header_key"]).encoding
            # UTF is recognised by itself: this is something else.
            if encoding not in (False, "utf-8", "utf-16") and is_decodable(content, encoding):
                values["encoding"] = encoding
        return values

    def _find_former(self, header_key: str | None = None):
        """The last import of a file with the same columns into the same company."""
        return self.search(
            [
                ("header_key", "=", header_key or self.header_key),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("running", "done", "undone")),
                ("id", "!=", self._origin.id),
            ],
            order="id desc",
            limit=1,
        )

    def _take_over(self, columns: list[dict], former):
        """Map columns as they were mapped before."""
        field_by_name = {column.name: column.field for column in former.column_ids}
        for column in columns:
            column["field"] = field_by_name.get(column["name"], column["field"])
