from odoo import Command, api
from odoo.exceptions import UserError

from .files import MAX_ROWS, decode
from .values import normalize_word

#: What must not change any more once rows are stored.
FILE_FIELDS = {
    "column_ids",
    "company_id",
    "create_customers",
    "currency_id",
    "date_format",
    "decimal_separator",
    "encoding",
    "file",
    "header_row",
    "journal_id",
    "payment_journal_id",
    "payment_term_id",
    "same_number",
    "separator",
    "settled_on",
    "sheet_name",
    "word_ids",
}

#: No name of a file or a sheet is longer, nor what an index holds.
_LONGEST = 1000
_LONGEST_WORD = 200


def _is_text(value, longest: int = _LONGEST) -> bool:
    """Whether this is a text that PostgreSQL can keep."""
    return (
        isinstance(value, str)
        and len(value) <= longest
        and "\0" not in value
        and not any("\ud800" <= letter <= "\udfff" for letter in value)
    )


class External:
    """The entry for other programs: a file in one call, and its result."""

    __slots__ = ()

    @api.model
    def import_file(self, name: str, content: str, options: dict | None = None) -> dict:
        """Import a file in one call: the entry for other programs.

        The same as the buttons do, with the caller's rights (Invoicing). Safe to repeat.

        :param name: file name, shown in the list of imports.
        :param content: the CSV or XLSX file, base64.
        :param options: all optional: ``company_id``, ``journal_id``, ``payment_journal_id``,
            ``currency_id``, ``create_customers``, ``encoding``, ``separator``, ``date_format``,
            ``decimal_separator``, ``payment_term_id``, ``same_number``, ``settled_on`` and others
            (fields of this model); on top of what is recognised by itself ``columns``, field by
            header, such as ``{"Rechnungsnr": "number"}`` (empty: not imported), and ``words``,
            meaning by field and word, such as ``{"kind": {"TD04": "credit_note"}}``.
        :return: see :meth:`read_result`. The state is ``running`` for a large file, which a
            scheduled action works off: call :meth:`read_result` until it is not any more.
        :raise UserError: nothing was imported: not a readable file, a missing column, dates or
            amounts that can be read in two ways. A file of more than a megabyte (unpacked) is read
            by the scheduled action, too: then the state is ``failed`` for the same reasons.
        """
        self.check_access("create")
        options = self._check_options(name, content, options or {})
        columns, words = options.pop("columns", {}), options.pop("words", {})
        request = {"columns": columns, "words": words, "chosen": sorted(options)}
        record = self.create({**options, "name": name, "file": content})
        record.action_read_file()
        record.sudo().request = request
        if record.state == "ready":
            record._fulfil_request()
            record._work()
        return record.read_result()

    def _fulfil_request(self):
        """Once the file is read: do with it what another program asked for, if one did."""
        if not self.request:
            return
        self._map_columns(self.request["columns"], self.request["chosen"])
        self._explain_words(self.request["words"])
        self._start("running")

    @api.model
    def _check_options(self, name, content, options) -> dict:
        """What another program hands over may be of any kind.

        :return: the options.
        :raise UserError: says what is wrong with it.
        """
        is_text = _is_text(name) and isinstance(content, (str, bytes))
        if not is_text or not isinstance(options, dict):
            raise UserError(
                self.env._("Hand over a name, the content in base64, and options by name.")
            )
        decode(self.env, content)
        allowed = FILE_FIELDS - {"column_ids", "file", "word_ids"} | {"columns", "words"}
        if unknown := sorted(map(str, options.keys() - allowed)):
            raise UserError(self.env._("Unknown options: %(names)s", names=", ".join(unknown)))
        wrong = [option for option, value in options.items() if not self._fits(option, value)]
        if wrong:
            raise UserError(
                self.env._(
                    "These options cannot have this value: %(names)s", names=", ".join(wrong)
                )
            )
        return dict(options)

    @api.model
    def _fits(self, option: str, value) -> bool:
        """Whether an option can have this value."""
        if option == "columns":
            return isinstance(value, dict) and all(
                _is_text(part) for pair in value.items() for part in pair
            )
        if option == "words":
            return isinstance(value, dict) and all(
                name in ("kind", "status")
                and isinstance(words, dict)
                and all(_is_text(part, _LONGEST_WORD) for pair in words.items() for part in pair)
                for name, words in value.items()
            )
        field = self._fields[option]
        kinds = {"boolean": bool, "integer": int, "many2one": int}
        if not value:
            return True
        if type(value) is not kinds.get(field.type, str):
            return False
        if not (_is_text(value) if isinstance(value, str) else value in range(2**31)):
            return False
        if field.type == "many2one":
            return bool(self.env[field.comodel_name].browse(value).exists())
        if field.type == "selection":
            return value in dict(field._description_selection(self.env))
        return field.type != "integer" or value > 0

    def _map_columns(self, field_by_header: dict, chosen: list[str]):
        """Overrule what was recognised; an unknown header is an error of the caller.

        :param chosen: formats that the caller has said; others follow from the columns.
        """
        if not field_by_header:
            return
        column_by_header = {column.name: column for column in self.column_ids}
        if unknown := sorted(field_by_header.keys() - column_by_header.keys()):
            raise UserError(
                self.env._(
                    "The file has no column %(names)s. It has: %(headers)s",
                    names=", ".join(unknown),
                    headers=", ".join(column_by_header),
                )
            )
        known = dict(self.column_ids._fields["field"]._description_selection(self.env))
        if unknown := sorted(set(field_by_header.values()) - known.keys() - {""}):
            raise UserError(
                self.env._("Columns cannot be imported as: %(names)s", names=", ".join(unknown))
            )
        taken = set(field_by_header.values())
        self.column_ids.filtered(lambda column: column.field in taken).field = False
        for header, field in field_by_header.items():
            column_by_header[header].field = field or False
        self._find_words()
        self.write(
            {name: value for name, value in self._get_format_values().items() if name not in chosen}
        )

    def _explain_words(self, words: dict):
        """Overrule what words of columns were taken to mean; also of words further down."""
        known = dict(self.word_ids._fields["meaning"]._description_selection(self.env))
        meanings = {meaning for by_word in words.values() for meaning in by_word.values()}
        if unknown := sorted(meanings - known.keys()):
            raise UserError(self.env._("Words cannot mean: %(names)s", names=", ".join(unknown)))
        records = {(word.field, normalize_word(word.name)): word for word in self.word_ids}
        for field, by_word in words.items():
            for name, meaning in by_word.items():
                if word := records.get((field, normalize_word(name))):
                    word.meaning = meaning
                else:
                    values = {"field": field, "name": name, "meaning": meaning}
                    self.word_ids = [Command.create(values)]

    def read_result(self, limit: int = 1000) -> dict:
        """What became of the file so far.

        :param limit: at most so many errors are listed.
        :return: ``id``, ``state`` (``running``, ``done`` or ``failed``), ``failure_reason``,
            ``progress`` (percentage), ``rows``, ``created``, ``updated``, ``unchanged``,
            ``left_out`` (drafts and cancelled ones), ``joined`` (parts of other rows),
            ``error_count`` and ``errors``: for each row that was not imported ``row`` (in the file,
            the header is 1), ``column``, ``value`` and ``reason``.
        """
        self.ensure_one()
        self.check_access("read")
        if type(limit) is not int or limit not in range(MAX_ROWS + 1):
            raise UserError(
                self.env._("A limit is a number from 0 to %(number)s.", number=MAX_ROWS)
            )
        errors = (
            self.env["accounting.import.line"].search(
                [("import_id", "=", self.id), ("state", "=", "error")], order="row", limit=limit
            )
            if limit
            else self.line_ids.browse()
        )
        return {
            "id": self.id,
            "state": "running" if self.state == "reading" and self.request else self.state,
            "failure_reason": self.failure_reason or "",
            "progress": self.progress,
            "rows": self.row_count,
            "created": self.created_count,
            "updated": self.updated_count,
            "unchanged": self.unchanged_count,
            "left_out": self.left_out_count,
            "joined": self.joined_count,
            "error_count": self.error_count,
            "errors": [
                {
                    "row": line.row,
                    "column": line.column or "",
                    "value": line.value or "",
                    "reason": line.reason or "",
                }
                for line in errors
            ],
        }
