import json
from collections import Counter
from itertools import dropwhile, islice

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import SQL

from .files import detect_encoding
from .profiling import load_words
from .values import find_kind, find_status, is_line_amount, is_total, normalize_word

#: So many rows are stored by one statement.
_STORED_ROWS = 2000

#: What the rows' list keeps of a number and a customer.
_SHOWN = 100

CUSTOMER_FIELDS = (
    "customer",
    "customer_ref",
    "customer_vat",
    "customer_name",
    "customer_email",
)

#: What a missing column can be made from.
_IN_PLACE_OF = {"amount": ("net",), "due_date": ("terms",)}

#: Columns whose words a person explains once.
_WORD_FIELDS = {"kind": find_kind, "status": find_status}


class Storing:
    """Keeping the rows of a file, those of one document together, before any is booked."""

    __slots__ = ()

    def _check_columns(self):
        """What must be known before the first row is read."""
        if self.is_csv and not (self.encoding or detect_encoding(self._get_content())):
            raise UserError(
                self.env._(
                    "The letters of the file can be read in several ways. Choose its encoding."
                )
            )
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
            if not {field, *_IN_PLACE_OF.get(field, ())}.intersection(mapped)
        ]
        if self.payment_term_id and labels["due_date"] in missing:
            missing.remove(labels["due_date"])
        if not set(CUSTOMER_FIELDS).intersection(mapped):
            missing.append(labels["customer"])
        if "settled_amount" in mapped and "settled_date" not in mapped and not self.settled_on:
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
                    "The dates of the file can be read in several ways. Choose the date format."
                )
            )
        if not self.decimal_separator:
            raise UserError(
                self.env._(
                    "The amounts of the file can be read in two ways. Choose the decimal separator."
                )
            )

    def _store_rows(self, report=None):
        """Store all rows as waiting; rows of one document are put together. What was stored before
        somebody ended the process is not stored again.

        :param report: called with the number of rows so far, after each statement.
        """
        stored, last_row = self._get_stored()
        index_by_field = {column.field: column.index for column in self.column_ids if column.field}
        customer_indexes = [
            index_by_field[field] for field in CUSTOMER_FIELDS if field in index_by_field
        ]
        rows = self._read_rows()
        header_length = len(next(rows)[1])
        rows = dropwhile(lambda row: row[0] <= last_row, rows)
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
                    [cells[index_by_field["number"]][:_SHOWN] for _row, cells in padded],
                    [
                        " ".join(filter(None, (cells[index] for index in customer_indexes)))[
                            :_SHOWN
                        ]
                        for _row, cells in padded
                    ],
                    [json.dumps(cells) for _row, cells in chunk],
                )
            )
            stored += len(chunk)
            if report:
                report(stored)
        if not stored:
            raise UserError(self.env._("The file has a header, but no rows."))
        self.env["accounting.import.line"].invalidate_model()
        self._join_rows(self._find_same_numbers(index_by_field.get("kind")))
        self.invalidate_recordset()

    def _get_stored(self) -> tuple[int, int]:
        """How many rows are stored, and the number of the last one."""
        return self.env.execute_query(
            SQL(
                "SELECT count(*), COALESCE(max(row), 0) FROM accounting_import_line"
                " WHERE import_id = %s",
                self.id,
            )
        )[0]

    def _find_same_numbers(self, kind_index: int | None) -> dict[str, list[tuple[int, str]]]:
        """The rows that have one number, by number, each with its word for the kind."""
        return {
            number: list(zip(rows, kinds, strict=True))
            for number, rows, kinds in self.env.execute_query(
                SQL(
                    """
                    SELECT number, array_agg(row ORDER BY row),
                           array_agg(COALESCE(cells ->> %s::int, '') ORDER BY row)
                      FROM accounting_import_line
                     WHERE import_id = %s AND number != ''
                     GROUP BY number
                    HAVING count(*) > 1
                    """,
                    kind_index,
                    self.id,
                )
            )
        }

    def _join_rows(self, rows_by_number: dict[str, list[tuple[int, str]]]):
        """Rows with one number are one document, if it was said what they are; payments belong to
        the invoice of their number in any case. Otherwise nobody can tell which row is right: none
        is booked.
        """
        meanings = self._get_meanings()
        head_by_row, refused = {}, {}
        for number, rows in rows_by_number.items():
            is_payment = {
                row: meanings.get(("kind", normalize_word(kind))) in ("payment", "on_account")
                for row, kind in rows
            }
            documents = [row for row, paid in is_payment.items() if not paid]
            if len(documents) > 1 and not self.same_number:
                refused[number] = list(is_payment)
            elif documents:
                head_by_row |= {row: documents[0] for row in is_payment if row != documents[0]}
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import_line part SET head_id = head.id, state = 'joined'
                  FROM unnest(%s::int[], %s::int[]) pair (row, head_row)
                  JOIN accounting_import_line head
                    ON head.import_id = %s AND head.row = pair.head_row
                 WHERE part.import_id = %s AND part.row = pair.row
                """,
                list(head_by_row),
                list(head_by_row.values()),
                self.id,
                self.id,
            )
        )
        self._reject_duplicates(refused)

    def _reject_duplicates(self, rows_by_number: dict[str, list[int]]):
        reasons = {
            number: self.env._(
                "The number is in the file several times, in rows %(rows)s",
                rows=", ".join(map(str, rows[:10])) + (", …" if len(rows) > 10 else ""),
            )
            for number, rows in rows_by_number.items()
        }
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import_line line
                   SET state = 'error', "column" = %s, value = line.number, reason = refusal.reason
                  FROM unnest(%s::text[], %s::text[]) refusal (number, reason)
                 WHERE line.import_id = %s AND line.number = refusal.number
                """,
                self._get_column_name("number"),
                list(reasons),
                list(reasons.values()),
                self.id,
            )
        )

    def _get_meanings(self) -> dict[tuple[str, str], str]:
        """What the words of the file mean, by field and word."""
        return {(word.field, normalize_word(word.name)): word.meaning for word in self.word_ids}

    def _prepare_words(self, words: dict[str, Counter]) -> list[dict]:
        """Values of the words of columns that are explained by a person, with what they most likely
        mean; as it was said for a file of the same kind before.
        """
        former = self.former_id._get_meanings() if self.former_id else {}
        result = {}
        for field, counter in words.items():
            for name, count in counter.most_common():
                if not name:
                    continue
                key = field, normalize_word(name)
                # Spellings of one word are explained together.
                values = result.setdefault(key, {"field": field, "name": name, "row_count": 0})
                values["row_count"] += count
                values["meaning"] = former.get(key) or _WORD_FIELDS[field](name) or False
        return list(result.values())

    def _find_words(self):
        """List the words of the columns that are mapped now; what was said of them stays."""
        counters = {
            column.field: load_words(column.notes)
            for column in self.column_ids
            if column.field in _WORD_FIELDS
        }
        said = {(word.field, word.name): word.meaning for word in self.word_ids}
        self.word_ids = [Command.clear()] + [
            Command.create(
                {
                    **values,
                    "meaning": said.get((values["field"], values["name"]), values["meaning"]),
                }
            )
            for values in self._prepare_words(counters)
        ]

    @staticmethod
    def _repeats_numbers(columns: list[dict], rows: list) -> bool:
        """Whether several of the first rows have one number."""
        index = next((column["index"] for column in columns if column["field"] == "number"), None)
        if index is None:
            return False
        numbers = Counter(cells[index] for _row, cells in rows if index < len(cells))
        return any(count > 1 for number, count in numbers.items() if number)

    def _propose_same_number(self, columns: list[dict], rows: list):
        """What rows with one number are, where the header of the amount tells."""
        names = {column["field"]: (column["index"], column["name"]) for column in columns}
        if "amount" not in names:
            return False
        _index, name = names["amount"]
        if is_line_amount(name):
            return "lines"
        if is_total(name) and self._is_same_in_rows(names, rows):
            return "total"
        return False

    @staticmethod
    def _is_same_in_rows(names: dict, rows: list) -> bool:
        """Whether rows with one number are the same in all that is imported."""
        indexes = [index for field, (index, _name) in names.items() if field]
        found = {}
        for _row, cells in rows:
            values = [cells[index] if index < len(cells) else "" for index in indexes]
            number = cells[names["number"][0]] if names["number"][0] < len(cells) else ""
            if found.setdefault(number, values) != values:
                return False
        return True
