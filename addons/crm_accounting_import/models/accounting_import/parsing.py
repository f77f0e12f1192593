from dataclasses import dataclass, field
from datetime import date

from odoo.tools import format_date

from .files import NO_VALUE
from .values import (
    find_currency_sign,
    find_kind,
    find_status,
    parse_amount,
    parse_boolean,
    parse_date,
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


@dataclass
class ImportRow:
    """One row of a file, understood as far as possible.

    ``settled`` and ``amount`` are in the currency of the row, never negative; ``is_refund`` tells
    a credit note. ``disputed`` is ``None`` when the file does not say. ``changes`` says what an
    update changed on the invoice.
    """

    line: object
    cells: dict[str, str]
    number: str = ""
    invoice_date: date | None = None
    due_date: date | None = None
    amount: float | None = None
    is_refund: bool = False
    settled_date: date | None = None
    settled: float = 0.0
    disputed: bool | None = None
    currency: object = None
    partner: object = None
    opportunity: object = None
    move: object = None
    is_left_out: bool = False
    errors: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def add_error(self, reason: str, *fields: str):
        """Note why the row cannot be imported and in which fields the reason lies."""
        self.errors.append((fields, reason))


class Parsing:
    """From the texts of a row to values, and what one row alone tells to be wrong."""

    __slots__ = ()

    def _parse_lines(self, lines) -> list[ImportRow]:
        """The rows of these lines, each with what is wrong with it."""
        columns = self.column_ids.sorted("index")
        index_by_field = {column.field: column.index for column in columns if column.field}
        currencies = {
            currency.name.upper(): currency
            for currency in self.env["res.currency"].with_context(active_test=False).search([])
        }
        rows = []
        for line in lines:
            cells = line.cells or []
            row = ImportRow(
                line=line,
                cells={
                    name: cells[index] if index < len(cells) else ""
                    for name, index in index_by_field.items()
                },
            )
            rows.append(row)
            if len(cells) > len(columns):
                row.add_error(
                    self.env._("The row has more cells than the header: a separator too many?")
                )
                continue
            self._parse_spreadsheet_errors(row)
            self._parse_number(row)
            self._parse_currency(row, currencies)
            self._parse_dates(row)
            self._parse_amounts(row)
            self._parse_kind(row)
            self._parse_status(row)
            self._parse_disputed(row)
        return rows

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

    def _parse_dates(self, row: ImportRow):
        reasons = {
            "invoice_date": self.env._("The invoice date is missing."),
            "due_date": self.env._("The due date is missing."),
            "settled_date": None,
        }
        for name, reason in reasons.items():
            text = row.cells.get(name, "")
            if text:
                try:
                    setattr(row, name, parse_date(text, self.date_format))
                except ValueError:
                    row.add_error(self.env._("This is not a date in the chosen date format."), name)
            elif reason and (name != "due_date" or not self._is_written_as_refund(row)):
                row.add_error(reason, name)
        if row.invoice_date and not row.cells["due_date"]:
            # Other programs give credit notes no due date.
            row.due_date = row.invoice_date
        if not row.invoice_date:
            return
        if row.due_date and row.due_date < row.invoice_date:
            # Nobody can pay before he knows: it is due when it is issued.
            row.due_date = row.invoice_date

    def _is_written_as_refund(self, row: ImportRow) -> bool:
        return (
            row.cells["amount"].startswith(("-", "("))
            or find_kind(row.cells.get("kind", "")) == "credit_note"
            or bool(row.cells.get("credit"))
        )

    def _parse_amounts(self, row: ImportRow):
        amount = self._parse_amount(row, "amount")
        settled = self._parse_amount(row, "settled_amount")
        if amount is None:
            if not row.cells["amount"]:
                row.add_error(self.env._("The amount is missing."), "amount")
            return
        row.amount = abs(amount)
        row.is_refund = amount < 0
        if settled is not None:
            self._check_settled(row, settled)
            row.settled = abs(settled)
        elif row.settled_date:
            row.settled = row.amount

    def _parse_amount(self, row: ImportRow, name: str) -> float | None:
        """The amount in a cell; None when it is empty or wrong."""
        if not (text := row.cells.get(name)):
            return None
        sign = find_currency_sign(text)
        if sign and row.currency and sign != row.currency.symbol:
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

    def _check_settled(self, row: ImportRow, settled: float):
        """A credit note's settled amount may be written with or without its sign."""
        if settled < 0 and not row.is_refund:
            row.add_error(
                self.env._("Amount and settled amount differ in sign."), "settled_amount", "amount"
            )
        elif abs(settled) - row.amount > 1e-5:
            row.add_error(self.env._("More was settled than invoiced."), "settled_amount", "amount")
        elif settled and not row.cells.get("settled_date"):
            row.add_error(
                self.env._("A settled amount needs the date on which it was settled."),
                "settled_date",
                "settled_amount",
            )

    def _parse_kind(self, row: ImportRow):
        """A credit note may be written without a sign; what is none of the two is not guessed."""
        credit = self._parse_amount(row, "credit")
        if credit and row.amount is not None and abs(abs(credit) - row.amount) > 1e-5:
            row.add_error(self.env._("Credit and amount differ."), "credit", "amount")
        elif credit:
            row.is_refund = True
        if not (text := row.cells.get("kind")):
            return
        kind = find_kind(text)
        if kind == "payment":
            row.add_error(
                self.env._("This is a payment: it belongs into the row of its invoice."), "kind"
            )
        elif not kind:
            row.add_error(self.env._("It is not known what kind of document this is."), "kind")
        elif kind == "invoice" and row.is_refund:
            row.add_error(self.env._("An invoice with a negative amount."), "kind", "amount")
        elif kind == "credit_note":
            row.is_refund = True

    def _parse_status(self, row: ImportRow):
        """Drafts and what was cancelled are left out. What is paid was paid on a day: without it
        nobody knows how late.
        """
        status = find_status(row.cells.get("status", ""))
        if status is None:
            row.add_error(self.env._("It is not known what this status means."), "status")
        row.is_left_out = status == "left_out"
        balance = self._parse_amount(row, "balance")
        if balance is not None and row.amount is not None and not row.cells.get("settled_amount"):
            if abs(balance) - row.amount > 1e-5:
                row.add_error(self.env._("More is open than was invoiced."), "balance", "amount")
            else:
                row.settled = row.amount - abs(balance)
        elif status == "paid" and row.amount is not None and not row.settled:
            row.settled = row.amount
        if row.settled and not row.settled_date:
            row.add_error(
                self.env._("It was paid, but the file does not say when."),
                *[name for name in ("status", "balance", "settled_date") if name in row.cells],
            )
        elif status == "open" and row.cells.get("status") and row.settled == row.amount:
            row.add_error(
                self.env._("The status says that it is open, and another column that it is paid."),
                "status",
            )

    def _parse_disputed(self, row: ImportRow):
        if "disputed" not in row.cells:
            return
        try:
            row.disputed = parse_boolean(row.cells["disputed"])
        except ValueError:
            row.add_error(self.env._("This is neither yes nor no."), "disputed")

    def _check_lock_date(self, row: ImportRow, name: str, journal):
        """Odoo would move an entry in a closed period to a later date: the days would be wrong."""
        if locks := self.company_id._get_violated_lock_dates(getattr(row, name), False, journal):
            row.add_error(
                self.env._(
                    "The accounts are closed up to %(date)s.",
                    date=format_date(self.env, max(lock[0] for lock in locks)),
                ),
                name,
            )
