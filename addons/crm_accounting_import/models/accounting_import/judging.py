from .parsing import ImportRow, Settlement

#: Less than this is no money in any currency.
_NOTHING = 1e-5

#: What must be the same in all rows of one document.
_SAME = ("invoice_date", "due_date", "currency", "written_kind", "status", "disputed")


class Judging:
    """Several rows that are one document, and what the values of a document mean together."""

    __slots__ = ()

    def _join_parts(self, row: ImportRow):
        """Put the other rows of this number to the first one, as the import says what they are.

        Payments of their own always belong to the invoice of their number.
        """
        for part in row.parts:
            for fields, reason in part.errors:
                row.add_error(
                    self.env._("Row %(row)s: %(reason)s", row=part.line.row, reason=reason), *fields
                )
            if part.written_kind == "payment" and part.invoice_date and part.written_amount:
                row.settlements.append(Settlement(part.invoice_date, abs(part.written_amount)))
        rest = self._get_document_parts(row)
        if not rest or row.errors:
            return
        if differing := self._find_differing(row, rest):
            self._reject_differing(row, differing)
        elif self.same_number == "lines":
            self._join_lines(row, rest)

    @staticmethod
    def _get_document_parts(row: ImportRow) -> list[ImportRow]:
        return [part for part in row.parts if part.written_kind != "payment"]

    def _find_differing(self, row: ImportRow, rest: list[ImportRow]) -> list[str]:
        """What should be the same in all rows of the document, and is not."""
        rows = (row, *rest)

        def differ(get) -> bool:
            return len({get(each) for each in rows}) > 1

        names = [name for name in _SAME if differ(lambda each, name=name: getattr(each, name))]
        if differ(self._get_customer_key):
            names += self._get_customer_fields(row)
        if self.same_number != "lines" and differ(lambda each: each.written_amount):
            names.append("amount" if "amount" in row.cells else "net")
        if self.same_number == "total" and differ(self._get_settled):
            names += ["settled_date", "settled_amount", "balance"]
        if self.same_number == "lines" and differ(lambda each: each.settled_date):
            names.append("settled_date")
        return names

    def _join_lines(self, row: ImportRow, rest: list[ImportRow]):
        """Add lines up. What was settled may stand for the invoice or for the line: where both fit,
        nobody can tell.
        """
        rows = (row, *rest)
        row.written_amount = row.currency.round(sum(each.written_amount for each in rows))
        for name in ("written_settled", "written_balance", "written_credit"):
            values = {getattr(each, name) for each in rows} - {None}
            if not values:
                continue
            total = sum(getattr(each, name) or 0.0 for each in rows)
            if values == {0.0} or name == "written_credit" or len(values) > 1:
                setattr(row, name, row.currency.round(total))
            elif abs(total) <= abs(row.written_amount) + _NOTHING:
                row.add_error(
                    self.env._("Is this of the line, or of the whole invoice? Both are possible."),
                    {"written_settled": "settled_amount"}.get(name, "balance"),
                )

    @staticmethod
    def _get_settled(row: ImportRow) -> tuple:
        return row.settled_date, row.written_settled, row.written_balance

    def _reject_differing(self, row: ImportRow, names: list[str]):
        row.add_error(
            self.env._("The rows with this number differ."),
            *(name.removeprefix("written_") for name in names),
        )

    def _judge(self, row: ImportRow):
        """What the document is, and what settled it."""
        self._judge_kind(row)
        if row.amount is None or row.is_payment:
            return
        sources = [row]
        if self.same_number == "payments":
            sources += self._get_document_parts(row)
        for source in sources:
            self._judge_settled(row, source, is_only=len(sources) == 1)
        row.settlements.sort()
        if row.is_refund and row.settled - row.amount > _NOTHING:
            row.add_error(self.env._("More was settled than invoiced."), "settled_amount", "amount")

    def _judge_kind(self, row: ImportRow):
        """A credit note may be written without a sign; what is none of the two is not guessed."""
        amount = row.written_amount
        if amount is None:
            return
        row.amount = abs(amount)
        is_refund = amount < 0 or bool(row.written_credit)
        if row.written_credit and abs(abs(row.written_credit) - row.amount) > _NOTHING:
            row.add_error(self.env._("Credit and amount differ."), "credit", "amount")
        elif row.written_kind == "invoice" and is_refund:
            row.add_error(self.env._("An invoice with a negative amount."), "kind", "amount")
        if row.written_kind in ("credit_note", "payment", "on_account"):
            row.kind = row.written_kind
        elif is_refund:
            row.kind = "credit_note"

    def _judge_settled(self, row: ImportRow, source: ImportRow, is_only: bool):
        """What a row says of money. What is paid was paid on a day: without it nobody knows how
        late. A credit note's settled amount may be written with or without its sign.

        :param is_only: no other row tells of money; else a balance is of all of them.
        """
        value, names = self._find_settled(row, source, is_only)
        if value and row.currency:
            value = row.currency.round(value)
        if not value or (source.cells.get("settled_date") and not source.settled_date):
            return
        day = source.settled_date or self._get_default_settled_date(row)
        if not day and "settled_amount" in names:
            row.add_error(
                self.env._("A settled amount needs the date on which it was settled."), *names
            )
        elif not day:
            row.add_error(
                self.env._("It was paid, but the file does not say when."),
                *[name for name in names if name in row.cells],
            )
        elif row.status == "open" and row.cells.get("status") and is_only and value == row.amount:
            row.add_error(
                self.env._("The status says that it is open, and another column that it is paid."),
                "status",
            )
        else:
            row.settlements.append(Settlement(day, value))

    def _find_settled(self, row: ImportRow, source: ImportRow, is_only: bool):
        """What was settled, and the fields that say so: the amount, else the balance, else a status
        or a day alone.
        """
        amount, settled, balance = row.amount, source.written_settled, source.written_balance
        if settled and settled < 0 and not row.is_refund:
            row.add_error(
                self.env._("Amount and settled amount differ in sign."), "settled_amount", "amount"
            )
            return 0.0, []
        if settled:
            return abs(settled), ["settled_date", "settled_amount"]
        names = ["status", "balance", "settled_date"]
        if settled is None and balance is not None and is_only:
            if abs(balance) - amount > _NOTHING and (balance > 0 or row.is_refund):
                row.add_error(self.env._("More is open than was invoiced."), "balance", "amount")
                return 0.0, []
            return amount - (abs(balance) if row.is_refund else balance), names
        is_paid = row.status == "paid" or (settled is None and source.settled_date)
        return amount if is_paid else 0.0, names

    def _get_default_settled_date(self, row: ImportRow):
        """The day on which something was paid of which the file does not say it; none, unless the
        person chose one.
        """
        today = self.company_id._get_today()
        if self.settled_on == "due_date" and row.due_date:
            return min(row.due_date, today)
        return today if self.settled_on == "import_date" else None
