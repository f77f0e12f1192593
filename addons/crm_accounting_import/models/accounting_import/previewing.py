from odoo import api
from odoo.tools import format_date, formatLang

from .values import find_field

#: So many rows are shown in the form; all of them in their list.
_SHOWN_ROWS = 30

#: So many new customers are named.
_SHOWN_CUSTOMERS = 10

#: Columns that can contradict what is imported, if they are not imported themselves.
_TELLING = ("balance", "credit", "currency", "kind", "settled_amount", "status")


class Previewing:
    """What will be booked, said before anything is: sums, rows, and the words on the button."""

    __slots__ = ()

    def _get_sums(self) -> list[dict]:
        """What the checked rows will make, by kind and currency: ``kind``, ``currency``,
        ``count``, ``amount`` (signed), ``first`` and ``last`` date.
        """
        return [
            {
                "kind": kind,
                "currency": currency,
                "count": count,
                "amount": amount,
                "first": first,
                "last": last,
            }
            for kind, currency, count, amount, first, last in self.line_ids._read_group(
                [("import_id", "=", self.id), ("state", "=", "checked"), ("move_id", "=", False)],
                ["kind", "currency_id"],
                ["__count", "amount:sum", "invoice_date:min", "invoice_date:max"],
            )
        ]

    def _get_payment_sums(self) -> dict:
        """By currency, what checked rows will pay of documents: count and amount."""
        return {
            currency: (count, amount)
            for currency, count, amount in self.line_ids._read_group(
                [
                    ("import_id", "=", self.id),
                    ("state", "=", "checked"),
                    ("payment_amount", "!=", 0),
                    ("kind", "in", ("invoice", "credit_note")),
                ],
                ["currency_id"],
                ["__count", "payment_amount:sum"],
            )
        }

    def _get_new_customers(self) -> list[str]:
        """The first customers that will be created, as the file writes them."""
        return [
            customer
            for (customer,) in self.line_ids._read_group(
                [
                    ("import_id", "=", self.id),
                    ("state", "=", "checked"),
                    ("found_by", "=", "new"),
                ],
                ["customer"],
                limit=_SHOWN_CUSTOMERS + 1,
            )
        ]

    def _get_known_count(self) -> int:
        return self.line_ids.search_count(
            [("import_id", "=", self.id), ("state", "=", "checked"), ("move_id", "!=", False)]
        )

    @api.depends("state")
    def _compute_summary(self):
        for record in self:
            record.summary = record._get_summary() if record.state == "checked" else False

    def _get_summary(self) -> str:
        labels = {
            "invoice": self.env._("New invoices"),
            "credit_note": self.env._("New credit notes"),
            "payment": self.env._("Payments of known invoices"),
            "on_account": self.env._("Payments on account"),
        }
        sums = [
            {
                "label": labels[group["kind"]],
                "count": group["count"],
                "amount": formatLang(self.env, group["amount"], currency_obj=group["currency"]),
                "first": format_date(self.env, group["first"], date_format="long"),
                "last": format_date(self.env, group["last"], date_format="long"),
            }
            for group in sorted(self._get_sums(), key=lambda group: [*labels].index(group["kind"]))
        ]
        payments = [
            {"count": count, "amount": formatLang(self.env, amount, currency_obj=currency)}
            for currency, (count, amount) in self._get_payment_sums().items()
        ]
        return self.env["ir.qweb"]._render(
            "crm_accounting_import.accounting_import_summary",
            {
                "sums": sums,
                "payments": payments,
                "customers": self._get_new_customers(),
                "known_count": self._get_known_count(),
                "record": self,
            },
        )

    @api.depends("state")
    def _compute_booking_label(self):
        for record in self:
            is_checked = record.state == "checked"
            record.booking_label = record._get_booking_label() if is_checked else False

    def _get_booking_label(self) -> str:
        """What the button will do: *Create 2,431 Invoices and 12 Credit Notes, 147,703.18 EUR*."""
        sums, counts, amounts = self._get_sums(), {}, {}
        for group in sums:
            counts[group["kind"]] = counts.get(group["kind"], 0) + group["count"]
            amounts[group["currency"]] = amounts.get(group["currency"], 0.0) + group["amount"]
        labels = {
            "invoice": (self.env._("1 Invoice"), self.env._("%s Invoices")),
            "credit_note": (self.env._("1 Credit Note"), self.env._("%s Credit Notes")),
            "payment": (self.env._("1 Payment"), self.env._("%s Payments")),
            "on_account": (
                self.env._("1 Payment on Account"),
                self.env._("%s Payments on Account"),
            ),
        }
        documents = self._join_words(
            [
                one if counts[kind] == 1 else many.replace("%s", self._format_count(counts[kind]))
                for kind, (one, many) in labels.items()
                if kind in counts
            ]
        )
        known = self._get_known_count()
        if not documents and not known:
            return self.env._("Nothing to Import")
        if not documents:
            return self.env._("Update %(count)s Invoices", count=self._format_count(known))
        money = ", ".join(
            f"{formatLang(self.env, amount, digits=currency.decimal_places)} {currency.name}"
            for currency, amount in amounts.items()
        )
        if known:
            return self.env._(
                "Create %(documents)s, %(amount)s; Update %(count)s",
                documents=documents,
                amount=money,
                count=self._format_count(known),
            )
        return self.env._("Create %(documents)s, %(amount)s", documents=documents, amount=money)

    def _format_count(self, count: int) -> str:
        return formatLang(self.env, count, digits=0)

    def _join_words(self, words: list[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        return self.env._("%(first)s and %(last)s", first=", ".join(words[:-1]), last=words[-1])

    @api.depends("state")
    def _compute_previews(self):
        Line = self.env["accounting.import.line"]
        for record in self:
            own = [("import_id", "=", record.id if record.state == "checked" else False)]
            record.preview_error_ids = Line.search(
                [*own, ("state", "=", "error")], order="row", limit=_SHOWN_ROWS
            )
            record.preview_line_ids = Line.search(
                [*own, ("state", "!=", "error")], order="row", limit=_SHOWN_ROWS
            )

    @api.depends("column_ids.field")
    def _compute_ignored_columns(self):
        for record in self:
            record.ignored_columns = ", ".join(
                column.name
                for column in record.column_ids
                if not column.field and (column.is_doubled or find_field(column.name) in _TELLING)
            )
