import logging
from collections import defaultdict

from psycopg2 import OperationalError
from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import Command
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import SQL, format_date, formatLang

from .parsing import ImportRow, Settlement

_logger = logging.getLogger(__name__)

#: Nobody is told, asked to follow or reminded of a thousand old invoices.
QUIET = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "tracking_disable": True,
    # New entries have no analytic items yet; posting makes them.
    "skip_analytic_sync": True,
}


class Booking:
    """Making real invoices and payments from rows: wholly or not at all, many at a time."""

    __slots__ = ()

    def _book_lines(self, lines):
        """Book rows; each gets its result. In one go, or one by one where something is refused."""
        record = self.with_context(**QUIET)
        rows = record._understand(lines.with_env(record.env).sudo())
        rows = record._sort_out(rows)
        record._halve_on_refusal(rows, record._book_rows, record._forget_created)

    def _check_lines(self, lines):
        """Say of each row what booking it will do; book nothing."""
        rows = self._sort_out(self._understand(lines))
        self._set_results([row for row in rows if row.payment], "unchanged")
        self._set_results([row for row in rows if not row.payment], "checked")

    def _sort_out(self, rows: list[ImportRow]) -> list[ImportRow]:
        """Put aside what is wrong or is not booked; keep what was understood of the rest.

        :return: the rest.
        """
        self._reject_rows([row for row in rows if row.errors])
        self._leave_out([row for row in rows if row.is_left_out and not row.errors])
        rows = [row for row in rows if not row.errors and not row.is_left_out]
        self._store_values(rows)
        return rows

    def _understand(self, lines) -> list[ImportRow]:
        """What the rows mean, and what is wrong with them: read, matched, checked, not booked."""
        rows = self._parse_lines(lines)
        self._match_invoices(rows)
        self._check_left_out(rows)
        rest = [row for row in rows if not row.is_left_out]
        self._match_customers(rest)
        self._match_opportunities(rest)
        self._match_salespeople(rest)
        self._match_payments([row for row in rest if row.is_payment and not row.errors])
        self._check_same_documents(
            [row for row in rest if not (row.is_payment or row.move or row.errors)]
        )
        for row in rest:
            if row.errors:
                continue
            if row.is_payment:
                self._check_payment(row)
            elif row.move:
                self._check_imported(row)
            else:
                self._check_new(row)
        return rows

    def _book_rows(self, rows: list[ImportRow]):
        documents = [row for row in rows if not row.is_payment]
        known = [row for row in documents if row.move]
        self._create_documents([row for row in documents if not row.move])
        self._update_documents(known)
        self._create_payments([row for row in rows if row.is_payment])

    def _halve_on_refusal(self, rows: list[ImportRow], work, forget=None, refuse=None):
        """Work on rows in a savepoint; halve them until the one that is refused stands alone.

        :param work: what to do with rows.
        :param forget: called with rows before they are tried again, after what was made for them
            was rolled back.
        :param refuse: what to do with rows that have errors now; by default they are rejected.
        """
        if not rows:
            return
        try:
            with self.env.cr.savepoint():
                work(rows)
        except OperationalError:
            # Concurrency: Odoo repeats the whole transaction.
            raise
        except UniqueViolation as error:
            if (error.diag.constraint_name or "").startswith("account_move_unique_name"):
                # Somebody imports the same file at this moment: the next try will see it.
                raise SerializationFailure(str(error)) from error
            self._refuse_or_halve(rows, error, work, forget, refuse)
        except Exception as error:
            self._refuse_or_halve(rows, error, work, forget, refuse)

    def _refuse_or_halve(self, rows: list[ImportRow], error: Exception, work, forget, refuse):
        """Try rows that were refused again by halves; refuse the one that stands alone."""
        self.env.invalidate_all()
        if len(rows) > 1:
            middle = len(rows) // 2
            for half in (rows[:middle], rows[middle:]):
                if forget:
                    forget(half)
                self._halve_on_refusal(half, work, forget, refuse)
            return
        row = rows[0]
        if isinstance(error, (UserError, RedirectWarning)):
            reason = str(error.args[0]) if error.args else str(error)
        else:
            _logger.warning(
                "Row %s of import %s could not be booked", row.line.row, self.id, exc_info=error
            )
            reason = self.env._("Odoo could not book it: %(error)s", error=error)
        row.add_error(reason)
        (refuse or self._reject_rows)(rows)

    def _forget_created(self, rows: list[ImportRow]):
        """What a failed attempt created for these rows is gone; the other half may have more."""
        missing = []
        for row in rows:
            row.move = row.move and row.move.exists()
            row.partner = row.partner and row.partner.exists()
            if not row.partner:
                missing.append(row)
        self._match_customers(missing)

    def _check_left_out(self, rows: list[ImportRow]):
        """Drafts, and what was cancelled, were never invoiced; unless an earlier file did."""
        for row in rows:
            if not row.is_left_out:
                continue
            row.errors.clear()
            if row.move.state == "posted":
                row.add_error(
                    self.env._(
                        "An earlier file brought this invoice: if it is cancelled now, cancel it in"
                        " Odoo, too."
                    ),
                    "status",
                )

    def _leave_out(self, rows: list[ImportRow]):
        for row in rows:
            name = "status" if row.status == "left_out" else "kind"
            row.line.write(
                {
                    "state": "left_out",
                    "column": self._get_column_name(name),
                    "value": row.cells[name],
                    "reason": False,
                }
            )

    def _reject_rows(self, rows: list[ImportRow]):
        for row in rows:
            names = dict.fromkeys(name for fields, _reason in row.errors for name in fields)
            row.line.write(
                {
                    "state": "error",
                    "column": ", ".join(filter(None, map(self._get_column_name, names))),
                    "value": ", ".join(row.cells.get(name, "") for name in names),
                    "reason": "\n".join(dict.fromkeys(reason for _fields, reason in row.errors)),
                }
            )
            # They come back with it in the file of errors.
            parts = row.line.browse(part.line.id for part in row.parts)
            parts.write(
                {
                    "state": "error",
                    "reason": self.env._("Belongs to row %(row)s.", row=row.line.row),
                }
            )

    def _check_new(self, row: ImportRow):
        self._check_lock_date(row, "invoice_date", row.invoice_date, self.journal_id)
        for settlement in row.settlements:
            self._check_lock_date(row, "settled_date", settlement.date, self.payment_journal_id)

    def _check_payment(self, row: ImportRow):
        """A payment belongs to an imported invoice, or is put on account, as the file says."""
        self._check_lock_date(row, "invoice_date", row.invoice_date, self.payment_journal_id)
        if row.kind == "on_account" or row.errors:
            return
        if row.move.state != "posted":
            row.add_error(
                self.env._(
                    "A payment of an invoice that was not imported. If it is money on account, say"
                    " so where the words of the file are explained."
                ),
                "kind",
            )
        elif row.move.commercial_partner_id != row.partner.commercial_partner_id:
            row.add_error(
                self.env._(
                    "The number was imported for another customer: %(customer)s",
                    customer=row.move.commercial_partner_id.display_name,
                ),
                *self._get_customer_fields(row),
            )
        elif row.move.currency_id != row.currency:
            row.add_error(self.env._("The invoice has another currency."), "currency", "number")

    def _get_receivable_account(self, partner):
        account = partner.with_company(self.company_id).property_account_receivable_id
        if not account:
            raise UserError(
                self.env._(
                    "%(customer)s has no receivable account in %(company)s.",
                    customer=partner.display_name,
                    company=self.company_id.name,
                )
            )
        return account

    def _check_imported(self, row: ImportRow):
        """An invoice that exists must be the same one; what is left to do for it is noted."""
        move = row.move
        if row.errors:
            return
        if move.state != "posted":
            row.add_error(
                self.env._(
                    "An invoice with this number was imported, but is a draft or cancelled now."
                ),
                "number",
            )
            return
        is_refund = move.move_type == "out_refund"
        if (
            move.currency_id != row.currency
            or row.currency.compare_amounts(move.amount_total, row.amount)
            or (is_refund != row.is_refund and row.amount)
        ):
            row.add_error(
                self.env._(
                    "The number was imported with another amount: %(amount)s %(currency)s",
                    amount=-move.amount_total if is_refund else move.amount_total,
                    currency=move.currency_id.name,
                ),
                "amount",
            )
        if not row.partner or move.commercial_partner_id != row.partner.commercial_partner_id:
            row.add_error(
                self.env._(
                    "The number was imported for another customer: %(customer)s",
                    customer=move.commercial_partner_id.display_name,
                ),
                *self._get_customer_fields(row),
            )
        if move.invoice_date != row.invoice_date:
            row.add_error(
                self.env._(
                    "The number was imported with another invoice date: %(date)s",
                    date=move.invoice_date,
                ),
                "invoice_date",
            )
        if row.errors:
            return
        imported = self._get_imported_payment(move)
        if row.currency.compare_amounts(row.settled, imported) < 0:
            row.add_error(
                self.env._(
                    "Less is settled than was imported already (%(amount)s %(currency)s). If the"
                    " payment was withdrawn, take it back in Odoo.",
                    amount=imported,
                    currency=row.currency.name,
                ),
                "settled_amount" if "settled_amount" in row.cells else "settled_date",
            )
        for settlement in self._get_settlements_to_book(row):
            self._check_lock_date(row, "settled_date", settlement.date, self.payment_journal_id)

    def _get_imported_payment(self, move) -> float:
        """What imports have paid of an invoice so far, in its currency."""
        payments = move.sudo().matched_payment_ids.filtered(
            lambda payment: (
                payment.journal_id.is_accounting_import and payment.state in ("in_process", "paid")
            )
        )
        return sum(payments.mapped("amount"))

    def _get_amount_to_pay(self, row: ImportRow) -> float:
        """What the file knows to be settled beyond what Odoo knows, in the row's currency.

        Money that somebody registered in Odoo counts: the file means the same money. A credit note
        in Odoo does not count, but leaves less to be paid.
        """
        move = row.move
        if not move:
            return row.settled
        if row.currency.compare_amounts(row.settled, self._get_imported_payment(move)) <= 0:
            return 0.0
        credited = 0.0
        instalments = move.sudo().line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        for partials, side, own in (
            (instalments.matched_credit_ids, "credit_move_id", "debit_amount_currency"),
            (instalments.matched_debit_ids, "debit_move_id", "credit_amount_currency"),
        ):
            credited += sum(
                partial[own] for partial in partials if partial[side].move_id.is_invoice()
            )
        money = move.amount_total - move.amount_residual - credited
        imported = self._get_imported_payment(move)
        amount = row.settled - max(money, imported)
        if not (imported and row.settled > move.amount_total):
            # More than is open: a payment or a credit note in Odoo means the same.
            amount = min(amount, move.amount_residual)
        return row.currency.round(max(amount, 0.0))

    def _get_settlements_to_book(self, row: ImportRow) -> list[Settlement]:
        """The settlements that are to be booked: what Odoo knows is taken to be the first ones."""
        known = row.settled - self._get_amount_to_pay(row)
        result = []
        for settlement in row.settlements:
            amount = row.currency.round(max(settlement.amount - max(known, 0.0), 0.0))
            known -= settlement.amount
            if amount:
                result.append(Settlement(settlement.date, amount))
        return result

    def _create_documents(self, rows: list[ImportRow]):
        """Post the invoices of new rows, pay and dispute them as the file says."""
        if not rows:
            return
        self._create_customers(rows)
        # Both sides of the entry are given: nothing is left for Odoo to complete line by line.
        moves = (
            self.env["account.move"]
            .with_context(skip_invoice_sync=True)
            .create([self._prepare_invoice(row) for row in rows])
            .with_context(skip_invoice_sync=False)
        )
        moves.action_post()
        for row, move in zip(rows, moves, strict=True):
            row.move = move
        self._pay_rows([(row, settlement) for row in rows for settlement in row.settlements])
        self._block_moves(rows)
        self._set_results(rows, "created")
        lines = rows[0].line.union(*(row.line for row in rows))
        lines.made_move = True

    def _prepare_invoice(self, row: ImportRow) -> dict:
        """Hook: values of an invoice or credit note.

        The amount of the other program is a total: one line without taxes.
        """
        sign = -1 if row.is_refund else 1
        balance = row.currency._convert(
            row.amount, self.company_id.currency_id, self.company_id, row.invoice_date
        )
        salesperson = (
            row.salesperson
            or (row.opportunity and row.opportunity.sudo().user_id)
            or row.partner.user_id
            or row.partner.commercial_partner_id.user_id
        )
        return {
            "move_type": "out_refund" if row.is_refund else "out_invoice",
            "company_id": self.company_id.id,
            "journal_id": self.journal_id.id,
            "name": row.number,
            "payment_reference": row.number,
            "partner_id": row.partner.id,
            "currency_id": row.currency.id,
            "invoice_date": row.invoice_date,
            "date": row.invoice_date,
            "invoice_date_due": row.due_date,
            "invoice_payment_term_id": False,
            "invoice_user_id": salesperson.id or False,
            # The other program has sent it.
            "is_move_sent": True,
            "line_ids": [
                Command.create(
                    {
                        "display_type": "product",
                        "name": self.env._("Imported from %(file)s", file=self.name),
                        "account_id": self.journal_id.default_account_id.id,
                        "quantity": 1.0,
                        "price_unit": row.amount,
                        "tax_ids": [Command.clear()],
                        "amount_currency": -sign * row.amount,
                        "balance": -sign * balance,
                        "opportunity_id": row.opportunity.id if row.opportunity else False,
                    }
                ),
                Command.create(
                    {
                        "display_type": "payment_term",
                        "name": row.number,
                        "account_id": self._get_receivable_account(row.partner).id,
                        "date_maturity": row.due_date,
                        "amount_currency": sign * row.amount,
                        "balance": sign * balance,
                    }
                ),
            ],
        }

    def _pay_rows(self, settlements: list[tuple[ImportRow, Settlement]]):
        """Register payments and reconcile them with the invoices of their rows, the oldest first.
        What is paid too much stays on account.
        """
        if not settlements:
            return
        moves = self.env["account.move"].union(*(row.move for row, _settlement in settlements))
        # A disputed invoice would stay so when it is paid.
        self._unblock_moves(moves)
        payments = self._post_payments(settlements)
        payments_by_move = defaultdict(payments.browse)
        for (row, _settlement), payment in zip(settlements, payments, strict=True):
            payments_by_move[row.move] |= payment
        plan = []
        for move, move_payments in payments_by_move.items():
            receivable = move.line_ids.filtered(
                lambda line: line.display_type == "payment_term" and not line.reconciled
            )
            if receivable:
                plan.append(
                    receivable
                    | move_payments.move_id.line_ids.filtered(
                        lambda line, accounts=receivable.account_id: line.account_id in accounts
                    )
                )
        self.env["account.move.line"]._reconcile_plan(plan)

    def _post_payments(self, settlements: list[tuple[ImportRow, Settlement]]):
        payments = self.env["account.payment"].create(
            [self._prepare_payment(row, settlement) for row, settlement in settlements]
        )
        self._link_entries(payments)
        payments.action_post()
        return payments

    def _create_payments(self, rows: list[ImportRow]):
        """Rows that are payments: of an invoice that an earlier file brought, or on account."""
        new = [row for row in rows if not row.payment]
        if new:
            self._exclude_others()
        self._create_customers(new)
        settlements = {row.line.id: Settlement(row.invoice_date, row.amount) for row in new}
        self._pay_rows([(row, settlements[row.line.id]) for row in new if row.kind == "payment"])
        if on_account := [row for row in new if row.kind == "on_account"]:
            self._post_payments([(row, settlements[row.line.id]) for row in on_account])
        self._set_results(new, "created")
        self._set_results([row for row in rows if row.payment], "unchanged")

    def _exclude_others(self):
        """Two imports at once would not see each other's payments, which have no number of their
        own: of two, the second is repeated. They meet at the first import with this journal.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import SET batch_count = batch_count
                 WHERE id = (SELECT min(id) FROM accounting_import WHERE payment_journal_id = %s)
                """,
                self.payment_journal_id.id,
            )
        )

    def _prepare_payment(self, row: ImportRow, settlement: Settlement) -> dict:
        """Hook: values of a payment."""
        payment_type = "outbound" if row.is_refund else "inbound"
        partner = (row.move or row.partner).commercial_partner_id
        receivable = row.move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        account = receivable.account_id[:1] or self._get_receivable_account(partner)
        return {
            "date": settlement.date,
            "amount": settlement.amount,
            "payment_type": payment_type,
            "partner_type": "customer",
            "partner_id": partner.id,
            "company_id": self.company_id.id,
            "journal_id": self.payment_journal_id.id,
            "currency_id": row.currency.id,
            "payment_method_line_id": self.payment_journal_id[
                f"{payment_type}_payment_method_line_ids"
            ][:1].id,
            "destination_account_id": account.id,
            "memo": row.number,
            "invoice_ids": [Command.set(row.move.ids)],
            "accounting_import_line_id": row.line.id,
        }

    def _link_entries(self, payments):
        """Give all payments their journal entries at once.

        Posting a payment makes the same entries from the same values, but writes them one payment
        at a time, which takes more time than everything else in an import.
        """
        entries = (
            self.env["account.move"]
            .with_context(skip_invoice_sync=True)
            .create([payment._generate_move_vals() for payment in payments])
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_payment payment SET move_id = entry.id FROM account_move entry
                 WHERE entry.origin_payment_id = payment.id AND entry.id = ANY(%s)
                """,
                entries.ids,
            )
        )
        payments.invalidate_recordset(["move_id"])
        payments.modified(["move_id"])

    def _unblock_moves(self, moves):
        blocked = moves.filtered(lambda move: move.payment_state == "blocked")
        blocked.payment_state = "not_paid"
        self.env.add_to_compute(blocked._fields["payment_state"], blocked)

    def _block_moves(self, rows: list[ImportRow]):
        """Mark disputed invoices as the button of an invoice does; a paid one is not disputed."""
        moves = self.env["account.move"].union(*(row.move for row in rows if row.disputed))
        moves.filtered(
            lambda move: move.payment_state in ("not_paid", "partial")
        ).payment_state = "blocked"

    def _update_documents(self, rows: list[ImportRow]):
        """Bring imported invoices up to date: payments, due date, dispute, opportunity."""
        amounts = []
        for row in rows:
            row.changes = []
            was_blocked = row.move.payment_state == "blocked"
            if settlements := self._get_settlements_to_book(row):
                amounts += [(row, settlement) for settlement in settlements]
                amount = sum(settlement.amount for settlement in settlements)
                row.changes.append(
                    self.env._(
                        "Payment: %(amount)s",
                        amount=formatLang(self.env, amount, currency_obj=row.currency),
                    )
                )
                if was_blocked and row.disputed is None:
                    row.disputed = True
            if row.disputed is False and was_blocked:
                self._unblock_moves(row.move)
                row.changes.append(self.env._("No longer disputed"))
            elif row.disputed and row.move.payment_state in ("not_paid", "partial"):
                row.changes.append(self.env._("Disputed"))
            if row.opportunity and not row.move.sudo().line_ids.opportunity_id:
                self._link_opportunity(row)
        self._update_due_dates(rows)
        self._pay_rows(amounts)
        self._block_moves(rows)
        self._set_results([row for row in rows if row.changes], "updated")
        self._set_results([row for row in rows if not row.changes], "unchanged")

    def _link_opportunity(self, row: ImportRow):
        # A later link is logged in the chatter as if somebody had made it by hand.
        lines = row.move._get_opportunity_lines().with_context(
            tracking_disable=False, mail_notrack=False
        )
        lines.opportunity_id = row.opportunity
        row.changes.append(self.env._("Opportunity: %(name)s", name=row.opportunity.display_name))

    def _update_due_dates(self, rows: list[ImportRow]):
        rows_by_due_date = defaultdict(list)
        for row in rows:
            if row.move.invoice_date_due != row.due_date:
                rows_by_due_date[row.due_date].append(row)
                row.changes.append(
                    self.env._(
                        "Due date: %(old)s → %(new)s",
                        old=format_date(self.env, row.move.invoice_date_due),
                        new=format_date(self.env, row.due_date),
                    )
                )
        for due_date, due_rows in rows_by_due_date.items():
            moves = self.env["account.move"].union(*(row.move for row in due_rows))
            moves.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).date_maturity = due_date
            moves.with_context(skip_invoice_sync=True).invoice_date_due = due_date

    def _store_values(self, rows: list[ImportRow]):
        """Keep what the rows were understood to mean, with the sign of the receivable."""
        if not rows:
            return
        lines = self.env["accounting.import.line"].browse(row.line.id for row in rows)
        columns = {
            "kind": [row.kind for row in rows],
            "invoice_date": [row.invoice_date for row in rows],
            "due_date": [None if row.is_payment else row.due_date for row in rows],
            "currency_id": [row.currency.id for row in rows],
            "amount": [
                row.amount if row.kind == "invoice" else -row.amount if row.amount else 0.0
                for row in rows
            ],
            "payment_amount": [self._get_payment_amount(row) for row in rows],
            "partner_id": [row.partner.id if row.partner else None for row in rows],
            "found_by": [row.found_by for row in rows],
        }
        types = ("varchar", "date", "date", "int", "numeric", "numeric", "int", "varchar")
        names = SQL(", ").join(map(SQL.identifier, columns))
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import_line line SET (%s) = (%s)
                  FROM unnest(%s::int[], %s) found (id, %s)
                 WHERE line.id = found.id
                """,
                names,
                SQL(", ").join(SQL.identifier("found", name) for name in columns),
                lines.ids,
                SQL(", ").join(
                    SQL("%s::" + kind + "[]", values)
                    for kind, values in zip(types, columns.values(), strict=True)
                ),
                names,
            )
        )
        lines.invalidate_recordset(list(columns))

    def _get_payment_amount(self, row: ImportRow) -> float:
        """What is paid by the row when it is booked."""
        if row.is_payment:
            return 0.0 if row.payment else row.amount
        if row.move:
            return self._get_amount_to_pay(row)
        return row.currency.round(row.settled)

    def _set_results(self, rows: list[ImportRow], state: str):
        """Keep what became of the rows: by one statement, for each has its own invoice."""
        if not rows:
            return
        lines = self.env["accounting.import.line"].browse(row.line.id for row in rows)
        self.env.cr.execute(
            SQL(
                """
                UPDATE accounting_import_line line
                   SET state = %s, move_id = result.move_id, reason = NULLIF(result.reason, '')
                  FROM unnest(%s, %s::int[], %s) result (id, move_id, reason)
                 WHERE line.id = result.id
                """,
                state,
                lines.ids,
                [row.move.id or None for row in rows],
                ["\n".join(row.changes) for row in rows],
            )
        )
        names = ["state", "move_id", "reason"]
        lines.invalidate_recordset(names)
        lines.modified(names)
