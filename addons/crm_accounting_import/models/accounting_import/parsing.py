from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from odoo.tools import format_date

from .files import NO_VALUE
from .values import (
    find_currency_sign,
    normalize_word,
    parse_amount,
    parse_boolean,
    parse_date,
    parse_days,
    split_currency_code,
)

#: What stands in cells that have no value; the first one for formulas that nobody worked out.
SPREADSHEET_ERRORS = (
    NO_VALUE,
    "#DIV/0!",
    "#N/A",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#REF!",
    "#VALUE!",
)

#: Longer ones are no numbers, and no index holds them.
LONGEST_NUMBER = 100


class Settlement(NamedTuple):
    """Money, or something in its place, that settled a part of a document on a day."""

    date: date
    amount: float


@dataclass
class ImportRow:
    """One document of a file, understood as far as possible: most often one row.

    What the cells say comes first (``written_…``: with the sign that stands there); rows of one
    number are put together then, and judged. ``amount`` and what settled it are in the currency of
    the row, never negative; ``kind`` tells a credit note. ``disputed`` is ``None`` when the file
    does not say. ``changes`` says what an update changed on the invoice.
    """

    line: object
    cells: dict[str, str]
    number: str = ""
    invoice_date: date | None = None
    due_date: date | None = None
    settled_date: date | None = None
    written_amount: float | None = None
    written_settled: float | None = None
    written_balance: float | None = None
    written_credit: float | None = None
    written_kind: str | None = None
    status: str | None = None
    kind: str = "invoice"
    amount: float | None = None
    settlements: list[Settlement] = field(default_factory=list)
    disputed: bool | None = None
    currency: object = None
    partner: object = None
    found_by: str | None = None
    salesperson: object = None
    opportunity: object = None
    move: object = None
    payment: object = None
    parts: list = field(default_factory=list)
    is_left_out: bool = False
    errors: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    @property
    def is_refund(self) -> bool:
        """Whether the customer gets something back."""
        return self.kind == "credit_note"

    @property
    def is_payment(self) -> bool:
        """Whether the row itself is money and no document that is invoiced."""
        return self.kind in ("payment", "on_account")

    @property
    def settled(self) -> float:
        """All that the file knows to be settled."""
        return sum(settlement.amount for settlement in self.settlements)

    def add_error(self, reason: str, *fields: str):
        """Note why the row cannot be imported and in which fields the reason lies."""
        self.errors.append((fields, reason))


class Parsing:
    """From the texts of a row to values, and what one document alone tells to be wrong."""

    __slots__ = ()

    def _parse_lines(self, lines) -> list[ImportRow]:
        """The documents of these lines, each with what is wrong with it."""
        columns = self.column_ids.sorted("index")
        index_by_field = {column.field: column.index for column in columns if column.field}
        currencies = {
            currency.name.upper(): currency
            for currency in self.env["res.currency"].with_context(active_test=False).search([])
        }
        meanings = self._get_meanings()
        parts = lines.search([("head_id", "in", lines.ids)]).grouped("head_id")

        def parse(line, head: ImportRow | None = None) -> ImportRow:
            cells = line.cells or []
            row = ImportRow(
                line=line,
                cells={
                    name: cells[index] if index < len(cells) else ""
                    for name, index in index_by_field.items()
                },
            )
            if head:
                self._repeat_cells(row, head)
            if len(cells) > len(columns):
                row.add_error(
                    self.env._("The row has more cells than the header: a separator too many?")
                )
            else:
                self._parse_cells(row, currencies, meanings)
            return row

        rows = []
        for line in lines:
            row = parse(line)
            row.parts = [parse(part, head=row) for part in parts.get(line, ())]
            self._join_parts(row)
            self._judge(row)
            rows.append(row)
        return rows

    def _repeat_cells(self, row: ImportRow, head: ImportRow):
        """Some programs write what is the same in all rows of a document in the first one only."""
        own = {"settled_date", "settled_amount", "balance", "credit"}
        if self.same_number == "lines" or row.cells.get("kind"):
            own |= {"amount", "net", "tax"}
        for name, text in head.cells.items():
            if not row.cells[name] and name not in own:
                row.cells[name] = text

    def _parse_cells(self, row: ImportRow, currencies: dict, meanings: dict):
        """What stands in the cells, each by itself."""
        self._parse_spreadsheet_errors(row)
        self._parse_number(row)
        self._parse_currency(row, currencies)
        self._parse_words(row, meanings)
        self._parse_dates(row)
        self._parse_amounts(row)
        self._parse_disputed(row)

    def _parse_spreadsheet_errors(self, row: ImportRow):
        """What a spreadsheet could not work out is nothing, and not empty."""
        for name, text in row.cells.items():
            if text in SPREADSHEET_ERRORS:
                row.add_error(self.env._("The spreadsheet has no value here."), name)

    def _parse_number(self, row: ImportRow):
        row.number = row.cells["number"]
        if not row.number or row.number == "/":
            row.add_error(self.env._("The invoice number is missing."), "number")
        elif len(row.number) > LONGEST_NUMBER:
            row.add_error(
                self.env._("A number has %(count)s characters at most.", count=LONGEST_NUMBER),
                "number",
            )

    def _parse_currency(self, row: ImportRow, currencies: dict):
        code = row.cells.get("currency", "").upper()
        currency = currencies.get(code) if code else self.currency_id
        if not currency:
            row.add_error(self.env._("There is no currency with this code."), "currency")
        elif not currency.active:
            row.add_error(self.env._("This currency is not activated in Odoo."), "currency")
        elif currency != self.company_id.currency_id and not self._has_rate(currency):
            row.add_error(self.env._("This currency has no exchange rate in Odoo."), "currency")
        else:
            row.currency = currency

    def _has_rate(self, currency) -> bool:
        """Without a rate Odoo would take one unit for one unit of the company's currency."""
        root = self.company_id.sudo().root_id
        return any(rate.company_id in (root.browse(), root) for rate in currency.rate_ids)

    def _parse_words(self, row: ImportRow, meanings: dict):
        """What kind of document it is and what became of it, as the person said what words mean."""
        if text := row.cells.get("kind"):
            row.written_kind = meanings.get(("kind", normalize_word(text)))
            if not row.written_kind:
                row.add_error(self.env._("It is not known what kind of document this is."), "kind")
        row.status = "open"
        if text := row.cells.get("status"):
            row.status = meanings.get(("status", normalize_word(text)))
            if not row.status:
                row.add_error(self.env._("It is not known what this status means."), "status")
        row.is_left_out = "left_out" in (row.written_kind, row.status)

    def _parse_dates(self, row: ImportRow):
        for name in ("invoice_date", "due_date", "settled_date"):
            if text := row.cells.get(name):
                try:
                    setattr(row, name, parse_date(text, self.date_format))
                except ValueError:
                    row.add_error(self.env._("This is not a date in the chosen date format."), name)
        if not row.cells["invoice_date"]:
            row.add_error(self.env._("The invoice date is missing."), "invoice_date")
        if not row.cells.get("due_date"):
            self._set_due_date(row)
        if row.invoice_date and row.due_date and row.due_date < row.invoice_date:
            # Nobody can pay before he knows: it is due when it is issued.
            row.due_date = row.invoice_date

    def _set_due_date(self, row: ImportRow):
        """The due date that payment terms give: those of the row, else those of the import. Other
        programs give credit notes none: they count from the beginning.
        """
        text = row.cells.get("terms")
        if not text and self._is_due_at_once(row):
            row.due_date = row.invoice_date
            return
        try:
            term, days = None, parse_days(text or "")
        except ValueError:
            term, days = self.payment_term_id, 0
            if text:
                term = term.search([("name", "=ilike", text)], limit=1)
        if text and not term and term is not None:
            row.add_error(self.env._("Odoo knows no payment terms of this name."), "terms")
        elif term is not None and not term:
            row.add_error(self.env._("The due date is missing."), "due_date")
        elif row.invoice_date and term:
            # An imported invoice has one due date: the last.
            row.due_date = max(line._get_due_date(row.invoice_date) for line in term.line_ids)
        elif row.invoice_date:
            row.due_date = row.invoice_date + timedelta(days=days)

    def _is_due_at_once(self, row: ImportRow) -> bool:
        return (
            row.cells.get("amount", "").startswith(("-", "("))
            or row.written_kind in ("credit_note", "payment", "on_account")
            or bool(row.cells.get("credit"))
        )

    def _parse_amounts(self, row: ImportRow):
        row.written_credit = self._parse_amount(row, "credit")
        if "amount" in row.cells:
            row.written_amount = self._parse_amount(row, "amount")
            if row.cells["amount"] == "" and row.written_credit:
                row.written_amount = -abs(row.written_credit)
            elif row.cells["amount"] == "":
                row.add_error(self.env._("The amount is missing."), "amount")
        else:
            parts = [self._parse_amount(row, name) for name in ("net", "tax")]
            if parts[0] is None:
                if not row.cells["net"]:
                    row.add_error(self.env._("The amount is missing."), "net")
            else:
                row.written_amount = sum(filter(None, parts))
        row.written_settled = self._parse_amount(row, "settled_amount")
        row.written_balance = self._parse_amount(row, "balance")

    def _parse_amount(self, row: ImportRow, name: str) -> float | None:
        """The amount in a cell; None when it is empty or wrong."""
        if not (text := row.cells.get(name)):
            return None
        sign = find_currency_sign(text)
        text, code = split_currency_code(text)
        if row.currency and not (
            sign in (None, row.currency.symbol) and code in (None, row.currency.name)
        ):
            row.add_error(
                self.env._(
                    "The amount is written in another currency than %(currency)s.",
                    currency=row.currency.name,
                ),
                name,
            )
            return None
        try:
            amount = parse_amount(text, self.decimal_separator)
        except ValueError:
            row.add_error(self.env._("This is not an amount."), name)
            return None
        if row.currency and abs(row.currency.round(amount) - amount) > 1e-5:
            row.add_error(
                self.env._("More decimals than %(currency)s has.", currency=row.currency.name), name
            )
            return None
        return amount

    def _parse_disputed(self, row: ImportRow):
        if "disputed" not in row.cells:
            return
        try:
            row.disputed = parse_boolean(row.cells["disputed"])
        except ValueError:
            row.add_error(self.env._("This is neither yes nor no."), "disputed")

    def _check_lock_date(self, row: ImportRow, name: str, day: date, journal):
        """Odoo would move an entry in a closed period to a later date: the days would be wrong."""
        if locks := self.company_id._get_violated_lock_dates(day, False, journal):
            row.add_error(
                self.env._(
                    "The accounts are closed up to %(date)s.",
                    date=format_date(self.env, max(lock[0] for lock in locks)),
                ),
                name,
            )
