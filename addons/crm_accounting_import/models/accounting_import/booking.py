import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import Command
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import SQL, format_date, formatLang

from .parsing import ImportRow

_logger = logging.getLogger(__name__)

#: Nobody is told, asked to follow or reminded of a thousand old invoices.
_QUIET = {
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
        record = self.with_context(**_QUIET)
        lines = lines.with_env(record.env).sudo()
        rows = record._parse_lines(lines)
        left_out = [row for row in rows if row.is_left_out]
        record._match_invoices(left_out)
        record._leave_out(left_out)
        rows = [row for row in rows if not row.is_left_out]
        record._match_customers(rows)
        record._match_opportunities(rows)
        record._match_invoices(rows)
        for row in rows:
            if row.move:
                record._check_imported(row)
            elif not row.errors:
                record._check_new(row)
        record._reject_rows([row for row in rows if row.errors])
        record._book_rows([row for row in rows if not row.errors])

    def _book_rows(self, rows: list[ImportRow]):
        """Book rows in a savepoint; halve them until the one that is refused stands alone."""
        if not rows:
            return
        new_rows = [row for row in rows if not row.move]
        known_rows = [row for row in rows if row.move]
        try:
            with self.env.cr.savepoint():
                self._create_documents(new_rows)
                self._update_documents(known_rows)
        except OperationalError:
            # Concurrency: Odoo repeats the whole transaction.
            raise
        except Exception as error:
            self.env.invalidate_all()
            if len(rows) > 1:
                middle = len(rows) // 2
                for half in (rows[:middle], rows[middle:]):
                    self._forget_created(half)
                    self._book_rows(half)
                return
            row = rows[0]
            if isinstance(error, (UserError, RedirectWarning)):
                reason = str(error.args[0]) if error.args else str(error)
            else:
                _logger.warning(
                    "Row %s of import %s could not be booked", row.line.row, self.id, exc_info=True
                )
                reason = self.env._("Odoo could not book it: %(error)s", error=error)
            row.add_error(reason)
            self._reject_rows(rows)

    def _forget_created(self, rows: list[ImportRow]):
        """What a failed attempt created for these rows is gone; the other half may have more."""
        missing = []
        for row in rows:
            row.move = row.move and row.move.exists()
            row.partner = row.partner and row.partner.exists()
            if not row.partner:
                missing.append(row)
        self._match_customers(missing)

    def _leave_out(self, rows: list[ImportRow]):
        """Drafts, and what was cancelled, were never invoiced; unless an earlier file did."""
        for row in rows:
            if row.move.state == "posted":
                row.add_error(
                    self.env._(
                        "An earlier file brought this invoice: if it is cancelled now, cancel it in"
                        " Odoo, too."
                    ),
                    "status",
                )
                self._reject_rows([row])
                continue
            row.line.write(
                {
                    "state": "left_out",
                    "column": self._get_column_name("status"),
                    "value": row.cells["status"],
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
                    "reason": "\n".join(reason for _fields, reason in row.errors),
                }
            )

    def _check_new(self, row: ImportRow):
        self._check_lock_date(row, "invoice_date", self.journal_id)
        if row.settled:
            self._check_lock_date(row, "settled_date", self.payment_journal_id)

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
        elif self._get_amount_to_pay(row):
            self._check_lock_date(row, "settled_date", self.payment_journal_id)

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
        amount = min(
            row.settled - max(money, self._get_imported_payment(move)), move.amount_residual
        )
        return row.currency.round(max(amount, 0.0))

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
        self._pay_rows([(row, row.settled) for row in rows if row.settled])
        self._block_moves(rows)
        self._set_results(rows, "created")

    def _prepare_invoice(self, row: ImportRow) -> dict:
        """Hook: values of an invoice or credit note.

        The amount of the other program is a total: one line without taxes.
        """
        sign = -1 if row.is_refund else 1
        balance = row.currency._convert(
            row.amount, self.company_id.currency_id, self.company_id, row.invoice_date
        )
        salesperson = (
            (row.opportunity and row.opportunity.sudo().user_id)
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

    def _pay_rows(self, amounts: list[tuple[ImportRow, float]]):
        """Register a payment for each row and reconcile it with the row's invoice."""
        if not amounts:
            return
        moves = self.env["account.move"].union(*(row.move for row, _amount in amounts))
        # A disputed invoice would stay so when it is paid.
        self._unblock_moves(moves)
        payments = self.env["account.payment"].create(
            [self._prepare_payment(row, amount) for row, amount in amounts]
        )
        self._link_entries(payments)
        payments.action_post()
        plan = []
        for (row, _amount), payment in zip(amounts, payments, strict=True):
            receivable = row.move.line_ids.filtered(
                lambda line: line.display_type == "payment_term" and not line.reconciled
            )
            plan.append(
                receivable
                | payment.move_id.line_ids.filtered(
                    lambda line, accounts=receivable.account_id: line.account_id in accounts
                )
            )
        self.env["account.move.line"]._reconcile_plan(plan)

    def _prepare_payment(self, row: ImportRow, amount: float) -> dict:
        """Hook: values of a payment."""
        payment_type = "outbound" if row.is_refund else "inbound"
        receivable = row.move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return {
            "date": row.settled_date,
            "amount": amount,
            "payment_type": payment_type,
            "partner_type": "customer",
            "partner_id": row.move.commercial_partner_id.id,
            "company_id": self.company_id.id,
            "journal_id": self.payment_journal_id.id,
            "currency_id": row.currency.id,
            "payment_method_line_id": self.payment_journal_id[
                f"{payment_type}_payment_method_line_ids"
            ][:1].id,
            "destination_account_id": receivable.account_id[:1].id,
            "memo": row.number,
            "invoice_ids": [Command.link(row.move.id)],
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
            if amount := self._get_amount_to_pay(row):
                amounts.append((row, amount))
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
                  FROM unnest(%s, %s, %s) result (id, move_id, reason)
                 WHERE line.id = result.id
                """,
                state,
                lines.ids,
                [row.move.id for row in rows],
                ["\n".join(row.changes) for row in rows],
            )
        )
        names = ["state", "move_id", "reason"]
        lines.invalidate_recordset(names)
        lines.modified(names)
