from collections.abc import Callable, Sequence
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainCondition
from odoo.tools import SQL

from ..scope import Scope
from .account_receivable_reading import SETTLING_COLUMNS
from .account_receivable_transfer import ROWS_PER_LINE
from .account_receivable_unposted import UNPOSTED_IDS

#: Settlements of what was moved to another journal item have ids below minus this.
TRANSFERRED_IDS = 2**41
#: How many reconciliations are looked through first for each settlement that is wanted.
WINDOW = 2
#: How many times more are looked through where that was not nearly enough.
WIDER = 4
#: How many are looked through at most before all are.
LARGEST_WINDOW = 40_000


class AccountReceivableSettlement(models.Model):
    """One row per settled part of a receivable instalment: what it was, when, and how late.

    The single place that says what counts as cash, credit note, write-off, discount or exchange
    difference. It reads partial reconciliations, never ``payment_state`` or the "last payment":
    those cannot tell an invoice paid in three parts from one that was written off.
    """

    _name = "account.receivable.settlement"
    _inherit = ["account.receivable.days", "account.company.amounts"]
    _description = "Receivable Settlement"
    _auto = False
    _order = "settlement_date desc, id desc"
    _rec_name = "invoice_id"
    _depends = {
        "account.move": ["payment_state", "state"],
        "account.move.line": [
            "account_id",
            "amount_currency",
            "balance",
            "currency_id",
            "date",
            "date_maturity",
            "discount_date",
            "display_type",
            "invoice_date",
            "parent_state",
            "partner_id",
            "payment_id",
            "statement_line_id",
            "amount_residual",
            "amount_residual_currency",
            "company_currency_id",
            "group_tax_id",
            "tax_ids",
            "tax_line_id",
        ],
        "account.partial.reconcile": [
            "amount",
            "credit_move_id",
            "debit_move_id",
            "exchange_move_id",
            "max_date",
        ],
        "account.payment": ["amount", "currency_id", "date", "invoice_ids", "move_id", "state"],
        "account.account": [
            "account_type",
            "non_trade",
            "receivable_proposal",
            "receivable_reading",
        ],
        "res.company": [
            "account_default_pos_receivable_account_id",
            "account_journal_early_pay_discount_gain_account_id",
            "account_journal_early_pay_discount_loss_account_id",
            "expense_currency_exchange_account_id",
            "income_currency_exchange_account_id",
        ],
        "res.partner": ["commercial_partner_id"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        help="The commercial partner who owes the instalment.",
    )
    invoice_line_id = fields.Many2one(
        "account.move.line",
        string="Instalment",
        readonly=True,
        help="The receivable journal item of the invoice that was settled.",
    )
    invoice_id = fields.Many2one("account.move", readonly=True)
    counterpart_line_id = fields.Many2one(
        "account.move.line",
        string="Settled With",
        readonly=True,
        help="The journal item of the payment, credit note or entry that settled it. Empty for a"
        " payment that has no journal entry yet.",
    )
    kind = fields.Selection(
        [
            ("payment", "Payment"),
            ("credit_note", "Credit Note"),
            ("write_off", "Write-Off"),
            ("discount", "Discount"),
            ("exchange", "Exchange Difference"),
            ("cleared", "Cleared"),
        ],
        readonly=True,
        help="What settled it. Cleared: by equity, or by an account that Accounting does not want"
        " judged; it says nothing of how the customer pays.",
    )
    settled_as = fields.Selection(
        [
            ("payment", "Payment"),
            ("credit_note", "Credit Note"),
            ("write_off", "Write-Off"),
            ("discount", "Discount"),
            ("cleared", "Cleared"),
        ],
        readonly=True,
        help="As its kind; an exchange difference as what caused it, so that an invoice in another"
        " currency that is paid in full is paid in full, whatever the rate did.",
    )
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="What this settled of the instalment, at the invoice's own rate, in company currency."
        " Money paid back on a credit note is negative.",
    )
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(
        readonly=True,
        help="The instalment's due date; a due date before the invoice date counts as the"
        " invoice date.",
    )
    settlement_date = fields.Date(
        readonly=True,
        help="The later of the invoice date and the date of what settled it.",
    )

    @property
    def _table_query(self) -> SQL:
        """Settlements that are known are read by themselves: an id tells its reconciliation."""
        return self._get_row_sql(self._get_own_scope())

    def _get_row_sql(self, scope) -> SQL:
        """The columns of the model."""
        return SQL(
            """
            SELECT id, company_id, partner_id, line_id AS invoice_line_id, move_id AS invoice_id,
                   counterpart_line_id, kind, settled_as, amount, invoice_date, due_date,
                   settlement_date,
                   settlement_date - invoice_date AS days_to_pay,
                   settlement_date - due_date AS days_beyond_terms
              FROM (%s) settlement
             WHERE NOT is_mirror AND parent_state = 'posted'
            """,
            self._get_settlement_sql(scope),
        )

    def _get_own_scope(self) -> Scope:
        """What has to be read for the records at hand; everything for the model."""
        if not self._ids:
            return Scope()
        line_ids = {
            (-row_id - TRANSFERRED_IDS) // ROWS_PER_LINE
            if row_id < -TRANSFERRED_IDS
            else -row_id // UNPOSTED_IDS
            for row_id in self._ids
            if row_id < 0
        }
        return Scope(
            partial_ids=SQL("%s::bigint[]", [row_id // 16 for row_id in self._ids if row_id > 0]),
            line_ids=SQL("%s::bigint[]", sorted(line_ids)),
        )

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **options):
        """Read no more of the journals than the domain, or a page of a list, asks for.

        The SQL of a model without a table is not told the domain, and from a settlement's date
        PostgreSQL cannot know which reconciliations to look at. The newest settlements are looked
        for among the newest reconciliations, then among more of them.
        """
        search = super()._search
        domain = Domain(domain).optimize_full(self)
        since, until = self._get_period(domain)
        line_ids = self._get_wanted_line_sql(domain)
        newest_first = not order or order.startswith(self._order.split(",", 1)[0])
        if limit and newest_first and not line_ids and not self._ids:

            def find(start, first_id):
                newest = Domain("settlement_date", ">", start) | (
                    # Of a day the ids tell which are newer: they go by the reconciliations'.
                    Domain("settlement_date", "=", start) & Domain("id", ">=", first_id * 16)
                )
                query = search(domain & newest, offset, limit, order, **options)
                self._restrict_query(query, self._get_window_scope(start, until, first_id))
                return query.get_result_ids()

            if ids := self._find_newest(find, offset, limit, since, until):
                return self.browse(ids)._as_query()
        query = search(domain, offset, limit, order, **options)
        if line_ids:
            self._restrict_query(query, Scope(line_ids=line_ids))
        elif (since or until) and not self._ids:
            self._restrict_query(query, self._get_period_scope(since, until))
        return query

    @api.model
    def _restrict_query(self, query, scope: Scope):
        """Have the query read only what is in the scope."""
        if not query.is_empty():
            self.env["account.receivable"]._flush()
            query._tables[self._table] = SQL("(%s)", self._get_row_sql(scope))

    @api.model
    def _get_wanted_line_sql(self, domain: Domain) -> SQL | None:
        """SQL of an array of the instalments that the domain names, or whose customers or invoices
        it names.
        """
        columns = {"invoice_line_id": "id", "invoice_id": "move_id", "partner_id": "partner_id"}
        conditions = [
            SQL("%s = ANY(%s)", SQL.identifier(column), list(condition.value))
            for condition in self._get_conditions(domain)
            for name, column in columns.items()
            if condition.field_expr == name
            and condition.operator == "in"
            # False, which stands for none, is an integer, too.
            and all(type(value) is int for value in condition.value)
        ]
        if not conditions:
            return None
        return SQL(
            """
            ARRAY(SELECT id FROM account_move_line
                   WHERE display_type = 'payment_term' AND %s)
            """,
            SQL(" AND ").join(conditions),
        )

    @api.model
    def _get_period(self, domain: Domain) -> tuple[date | None, date | None]:
        """The first and the last day of settlement that the domain lets pass."""
        since, until = [], []
        for condition in self._get_conditions(domain):
            if condition.field_expr == "settlement_date":
                days = {
                    fields.Date.to_date(day)
                    for day in (
                        condition.value if condition.operator == "in" else [condition.value]
                    )
                    if isinstance(day, (str, date)) and day
                }
                if days and condition.operator in (">", ">=", "in"):
                    since.append(min(days))
                if days and condition.operator in ("<", "<=", "in"):
                    until.append(max(days))
        return max(since, default=None), min(until, default=None)

    @api.model
    def _get_conditions(self, domain: Domain):
        """The conditions that each must hold."""
        parts = domain.children if isinstance(domain, DomainAnd) else [domain]
        return [part for part in parts if isinstance(part, DomainCondition)]

    @api.model
    def _find_newest(
        self,
        find: Callable[[date, int], Sequence[int]],
        offset: int,
        limit: int,
        since: date | None,
        until: date | None,
        window: int = WINDOW,
    ) -> Sequence[int] | None:
        """Ids of the newest rows of settlements, looked for in windows that become larger.

        Of a reconciliation both sides may be a settlement, or none: other accounts are reconciled,
        too.

        :param find: finds rows of the days from one on, and of that day from a reconciliation on.
        :param window: how many reconciliations are looked through first for each row.
        :return: nothing where a window would hold the whole period, or too much.
        """
        # Exchange differences are booked at the end of the month, and settled before.
        today = fields.Date.context_today(self)
        partial_count = window * (offset + limit)
        while partial_count <= LARGEST_WINDOW:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT max_date, id FROM account_partial_reconcile
                     WHERE max_date <= %s
                     ORDER BY max_date DESC, id DESC
                     LIMIT 1 OFFSET %s
                    """,
                    min(until or today, today),
                    partial_count,
                )
            )
            if not rows or (since and rows[0][0] < since):
                return None
            ids = find(*rows[0])
            if len(ids) == limit:
                return ids
            partial_count *= WIDER if len(ids) < limit / 2 else 2
        return None

    @api.model
    def _get_period_scope(
        self, since: date | None, until: date | None, first_id: int | None = None
    ) -> Scope:
        """A scope in which are all settlements of these days, and few others.

        :param first_id: of the first day only those of this reconciliation and newer ones.
        """
        return Scope(
            partial_ids=self._get_partial_ids_sql(since, until, first_id),
            since=since and since - timedelta(days=1),
        )

    @api.model
    def _get_partial_ids_sql(
        self, since: date | None, until: date | None, first_id: int | None
    ) -> SQL:
        """SQL of an array with all partial reconciliations whose settlement date may be within
        these days.

        Settled is on the later of the invoice date and the date of what settles it, which is the
        reconciliation's ``max_date`` but for invoices with another accounting date, and for
        exchange differences, which have the date of their cause.

        Exchange differences are booked at the end of the month: of those that are ahead of today,
        which would be among the newest, only the ones of these days' causes are taken.
        """
        in_period = SQL(" AND ").join(
            [
                *([SQL("max_date >= %s", since)] if since else []),
                *([SQL("max_date <= %s", until)] if until else []),
            ]
        )
        caused = SQL(
            """
            SELECT exchange_move_id FROM account_partial_reconcile
             WHERE exchange_move_id IS NOT NULL AND %s
            """,
            in_period,
        )
        odd = SQL(
            """
            SELECT id FROM account_move_line
             WHERE display_type = 'payment_term' AND invoice_date != date
            """
        )
        return SQL(
            """
            ARRAY(
                SELECT id FROM account_partial_reconcile partial
                 WHERE %(in_period)s AND %(is_newer)s
                   AND (max_date <= %(today)s OR NOT EXISTS (
                        SELECT FROM account_move_line item
                          JOIN account_partial_reconcile cause
                            ON cause.exchange_move_id = item.move_id
                         WHERE item.id = ANY(ARRAY[partial.debit_move_id,
                                                   partial.credit_move_id])))
                 UNION
                SELECT id FROM account_partial_reconcile WHERE debit_move_id = ANY(ARRAY(%(odd)s))
                 UNION
                SELECT id FROM account_partial_reconcile WHERE credit_move_id = ANY(ARRAY(%(odd)s))
                 UNION
                SELECT partial.id
                  FROM account_move_line item
                  JOIN account_partial_reconcile partial ON partial.debit_move_id = item.id
                 WHERE item.move_id IN (%(caused)s)
                 UNION
                SELECT partial.id
                  FROM account_move_line item
                  JOIN account_partial_reconcile partial ON partial.credit_move_id = item.id
                 WHERE item.move_id IN (%(caused)s))
            """,
            in_period=in_period,
            today=fields.Date.context_today(self),
            is_newer=SQL("(max_date, id) >= (%s, %s)", since, first_id)
            if first_id
            else SQL("TRUE"),
            odd=odd,
            caused=caused,
        )

    @api.model
    def _get_period_line_sql(
        self, since: date | None, until: date | None, first_id: int | None = None
    ) -> SQL:
        """SQL of the ids of all instalments with settlements of these days, and of some others.

        Quicker than the settlements: it asks what was reconciled, and not what that means.
        """
        scope = self._get_period_scope(since, until, first_id)
        transfer = self.env["account.receivable.transfer"]
        return SQL(
            """
            WITH side AS MATERIALIZED (
                SELECT line.*
                  FROM account_partial_reconcile partial
                 CROSS JOIN LATERAL (
                    SELECT id, move_id, account_id, display_type, invoice_date, balance,
                           payment_id, statement_line_id
                      FROM account_move_line
                     WHERE id = ANY(ARRAY[partial.debit_move_id, partial.credit_move_id])
                    OFFSET 0
                       ) line
                 WHERE partial.id = ANY(%(partial_ids)s)
                   )
            SELECT id FROM side WHERE display_type = 'payment_term'
             UNION
            SELECT id FROM (%(moved)s) moved
             UNION
            SELECT line.id
              FROM (
                SELECT link.invoice_id
                  FROM account_payment payment
                 CROSS JOIN LATERAL (
                    SELECT invoice_id FROM account_move__account_payment
                     WHERE payment_id = payment.id
                    OFFSET 0
                       ) link
                 WHERE payment.move_id IS NULL AND %(paid)s
                 UNION
                SELECT invoice.id
                  FROM account_move invoice
                 WHERE %(invoiced)s
                   AND EXISTS (SELECT FROM account_move__account_payment link
                                 JOIN account_payment payment ON payment.id = link.payment_id
                                WHERE link.invoice_id = invoice.id AND payment.move_id IS NULL)
                   ) prepaid
              JOIN account_move_line line
                ON line.move_id = prepaid.invoice_id AND line.display_type = 'payment_term'
            """,
            partial_ids=scope.partial_ids,
            moved=transfer._get_root_sql(transfer._get_candidate_sql(SQL("TRUE"), SQL("side"))),
            paid=self._get_is_within_sql("payment", "date", since, until),
            invoiced=self._get_is_within_sql("invoice", "invoice_date", since, until),
        )

    @api.model
    def _get_is_within_sql(self, table: str, column: str, since, until) -> SQL:
        """Whether a day is within these days."""
        day = SQL.identifier(table, column)
        return SQL(
            "(%s AND %s)",
            SQL("%s >= %s", day, since) if since else SQL("TRUE"),
            SQL("%s <= %s", day, until) if until else SQL("TRUE"),
        )

    @api.model
    def _get_window_scope(
        self, since: date, until: date | None, first_id: int | None = None
    ) -> Scope:
        """A scope in which are all settlements of these days, and some others: their instalments,
        looked up before. For a few days or weeks, not for years.

        PostgreSQL plans well for what is named.
        """
        self.env["account.receivable"]._flush()
        rows = self.env.execute_query(self._get_period_line_sql(since, until, first_id))
        return Scope(line_ids=SQL("%s::int[]", sorted(line_id for [line_id] in rows)))

    def _get_settlement_sql(self, scope=None) -> SQL:
        """All settled parts of receivable instalments of invoices, receipts and credit notes.

        Columns beyond the model's: ``is_mirror`` (a credit note's own side of its matching with an
        invoice, which is counted on the invoice), ``cause_line_id`` (the journal item that the
        settlement is due to: for an exchange difference that of the payment or credit note which
        brought it about), ``parent_state`` and ``move_id``.

        :param scope: a ``Scope``; everything without it. Its ``companies`` and ``as_of`` are the
            caller's to ask for.
        """
        scope = scope or Scope()
        if scope.settlements:
            return scope.settlements
        reading = self.env["account.receivable.reading"]
        parts = []
        if "unposted" not in scope.without:
            parts.append(self.env["account.receivable.unposted"]._get_unposted_sql(scope))
        read_pieces = []
        if "moved" not in scope.without:
            read_pieces.append(self._get_transferred_piece_sql(scope))
        if "special" in scope.without:
            plain = SQL("TRUE")
        elif self.env["account.receivable"]._get_line_ids_sql(scope):
            # Of few instalments all entries are looked at: a statement more takes longer to plan.
            read_pieces.append(self._get_direct_piece_sql(SQL("TRUE"), scope))
            plain = None
        else:
            is_examined = (
                SQL("(counterpart.move_id = ANY(%s))", scope.examined_move_ids)
                if scope.examined_move_ids
                else reading._get_is_examined_sql()
            )
            read_pieces.append(self._get_direct_piece_sql(is_examined, scope))
            plain = SQL("NOT %s", is_examined)
        if plain:
            parts.append(
                self._get_piece_settlement_sql(
                    self._get_direct_piece_sql(plain, scope), reading._get_plain_part_sql()
                )
            )
        if read_pieces:
            parts.append(
                self._get_piece_settlement_sql(
                    SQL(" UNION ALL ").join(read_pieces), reading._get_part_sql()
                )
            )
        return SQL(" UNION ALL ").join(parts)

    def _get_piece_settlement_sql(self, pieces: SQL, parts: SQL) -> SQL:
        """Settlements that are (pieces of) partial reconciliations.

        :param pieces: SQL with the columns of :meth:`_get_piece_columns_sql`.
        :param parts: SQL of what such a ``piece`` consists of.
        """
        return SQL(
            """
            SELECT piece.first_id + part.number AS id,
                   piece.company_id,
                   piece.partner_id,
                   piece.root_id AS line_id,
                   piece.move_id,
                   piece.parent_state,
                   piece.counterpart_id AS counterpart_line_id,
                   part.cause_line_id,
                   part.kind,
                   part.settled_as,
                   piece.sign * part.amount AS amount,
                   piece.invoice_date,
                   piece.due_date,
                   GREATEST(piece.settled_from, part.date) AS settlement_date,
                   piece.root_balance < 0 AND part.kind = 'credit_note' AS is_mirror
              FROM (%s) piece
             CROSS JOIN LATERAL (%s) part
            """,
            pieces,
            parts,
        )

    def _get_piece_columns_sql(self, root: str) -> SQL:
        """Of ``line``, what ``counterpart`` settled of it, and the instalment.

        :param root: the alias of the instalment, which ``line`` is itself, or came from.
        """
        instalment = [
            SQL("%s AS root_id", SQL.identifier(root, "id")),
            SQL("%s AS root_balance", SQL.identifier(root, "balance")),
            SQL("%s AS due_date", self.env["account.receivable"]._get_due_date_sql(root)),
            *(
                SQL.identifier(root, column)
                for column in (
                    "company_id",
                    "partner_id",
                    "move_id",
                    "parent_state",
                    "invoice_date",
                    "discount_date",
                )
            ),
        ]
        settling = [
            SQL(
                "%s AS %s",
                SQL.identifier("counterpart", column),
                SQL.identifier(f"counterpart_{column}"),
            )
            for column in SETTLING_COLUMNS
        ]
        return SQL(
            """
            %s, line.id AS line_id, %s,
            counterpart.display_type != 'payment_term' AND counterpart.payment_id IS NULL
                AND counterpart.statement_line_id IS NULL AS is_entry
            """,
            SQL(", ").join(instalment),
            SQL(", ").join(settling),
        )

    def _get_direct_piece_sql(self, is_wanted: SQL, scope) -> SQL:
        """Partial reconciliations of the instalments themselves.

        :param is_wanted: SQL of a condition on ``counterpart``.
        """
        receivable = self.env["account.receivable"]
        # What settles something in another currency only is worth less than a cent.
        conditions = [SQL("partial.amount != 0")]
        if scope.partial_ids:
            conditions.append(SQL("partial.id = ANY(%s)", scope.partial_ids))
        elif line_ids := receivable._get_line_ids_sql(scope):
            conditions.append(SQL("line.id = ANY(%s)", line_ids))
        if scope.since and not scope.partial_ids:
            conditions.append(
                self._get_is_since_sql(
                    SQL("GREATEST(partial.max_date, line.invoice_date)"),
                    SQL("counterpart.move_id"),
                    scope.since,
                )
            )
        return SQL(
            """
            SELECT partial.id::bigint * 16 + CASE WHEN partial.sign > 0 THEN 0 ELSE 8 END
                       AS first_id,
                   partial.id AS partial_id, partial.sign, partial.amount, 0 AS skipped,
                   partial.max_date, line.invoice_date AS settled_from, %(columns)s
              FROM (%(sides)s) partial
              -- COALESCE hides from the planner how few journal items are receivable: it would
              -- expect as few of the partial reconciliations, and nearly all are.
              JOIN account_move_line line
                ON line.id = partial.line_id
               AND COALESCE(line.display_type = 'payment_term'
                            AND line.partner_id IS NOT NULL
                            AND line.account_id IN (%(trade)s), FALSE)
              -- A reconciliation stays within an account. The condition has its place here and
              -- not below, so that the wanted are found before their entries are looked at.
              JOIN account_move_line counterpart
                ON counterpart.id = partial.counterpart_id
               AND COALESCE(counterpart.account_id IN (%(trade)s), FALSE)
               AND line.move_id != counterpart.move_id
               AND %(is_wanted)s
             WHERE %(conditions)s
            """,
            columns=self._get_piece_columns_sql("line"),
            sides=self.env["account.receivable.reading"]._get_side_sql(),
            trade=receivable._get_trade_account_sql(),
            is_wanted=is_wanted,
            conditions=SQL(" AND ").join(conditions),
        )

    def _get_transferred_piece_sql(self, scope) -> SQL:
        """What settles, where it was moved to, what was owed on instalments."""
        transfer = self.env["account.receivable.transfer"]
        conditions = [SQL("TRUE")]
        if scope.partial_ids and not scope.line_ids:
            conditions.append(SQL("partial_id = ANY(%s)", scope.partial_ids))
        if scope.since and not scope.partial_ids:
            conditions.append(
                self._get_is_since_sql(
                    SQL("GREATEST(max_date, invoice_date)"),
                    SQL("counterpart_move_id"),
                    scope.since,
                )
            )
        return SQL(
            """
            SELECT * FROM (
                SELECT -%(first)s::bigint - (root.id::bigint * %(span)s + 8 * ROW_NUMBER() OVER (
                           PARTITION BY root.id
                           ORDER BY piece.partial_id, piece.sign, transfer.start)) AS first_id,
                       piece.partial_id, piece.sign, piece.amount, piece.skipped,
                       piece.max_date,
                       GREATEST(root.invoice_date, line.date) AS settled_from,
                       %(columns)s
                  FROM (%(transfer)s) transfer
                 -- Looked up one by one, of which there are few: the planner expects so many
                 -- transfers that it would read all journal items, twice.
                 CROSS JOIN LATERAL (
                    SELECT * FROM account_move_line WHERE id = transfer.root_line_id OFFSET 0) root
                 CROSS JOIN LATERAL (
                    SELECT * FROM account_move_line WHERE id = transfer.line_id OFFSET 0) line
                 CROSS JOIN LATERAL (%(pieces)s) piece
                  JOIN account_move_line counterpart
                    ON counterpart.id = piece.counterpart_id
                   AND counterpart.move_id != line.move_id
                 WHERE root.display_type = 'payment_term'
                   ) piece
             WHERE %(conditions)s
            """,
            first=TRANSFERRED_IDS,
            span=ROWS_PER_LINE,
            columns=self._get_piece_columns_sql("root"),
            transfer=transfer._get_transfer_sql(self._get_transferred_root_sql(scope)),
            pieces=transfer._get_piece_sql(),
            conditions=SQL(" AND ").join(conditions),
        )

    def _get_is_since_sql(self, day: SQL, settling_move: SQL, since) -> SQL:
        """Whether something is settled after a day. An exchange difference has the date of its
        cause, whatever its own.
        """
        return SQL(
            """
            (%(day)s > %(since)s::date
             OR %(settling_move)s IN (
                SELECT exchange_move_id FROM account_partial_reconcile
                 WHERE exchange_move_id IS NOT NULL AND max_date > %(since)s::date))
            """,
            day=day,
            since=since,
            settling_move=settling_move,
        )

    def _get_transferred_root_sql(self, scope) -> SQL:
        """The ids of the instalments of which something may have been moved."""
        transfer = self.env["account.receivable.transfer"]
        if line_ids := self.env["account.receivable"]._get_line_ids_sql(scope):
            return SQL("SELECT id FROM account_move_line WHERE id = ANY(%s)", line_ids)
        reconciled = SQL("TRUE")
        if scope.partial_ids:
            reconciled = SQL(
                """
                line.id IN (SELECT UNNEST(ARRAY[debit_move_id, credit_move_id])
                              FROM account_partial_reconcile
                             WHERE id = ANY(%s))
                """,
                scope.partial_ids,
            )
        return transfer._get_root_sql(transfer._get_candidate_sql(reconciled))
