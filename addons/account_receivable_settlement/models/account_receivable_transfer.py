from odoo import fields, models
from odoo.tools import SQL

#: Rows that come from one instalment have its id times this, plus their number.
ROWS_PER_LINE = 2**16


class AccountReceivableTransfer(models.Model):
    """Claims that only changed their account: bills, doubtful claims, instalments put together.

    An entry that books a claim anew settles nothing: what it moved is owed on the new journal item,
    with the old due date and for the old instalment's document, and is settled when, and as, the
    new journal item is; over as many steps as it takes.

    Exact to the cent: every amount that is moved takes up an interval of the new journal item's
    balance, in the order in which the entry's journal items and their reconciliations stand, and so
    do the reconciliations of the new journal item. What they have in common belongs together.
    """

    _name = "account.receivable.transfer"
    _description = "Transferred Receivable"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "invoice_id"
    _depends = {"account.receivable.settlement": ["amount"]}

    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    root_line_id = fields.Many2one(
        "account.move.line",
        string="Instalment",
        readonly=True,
        help="The receivable journal item that was moved.",
    )
    invoice_id = fields.Many2one(
        "account.move", string="Document", readonly=True, help="The invoice that is still owed."
    )
    line_id = fields.Many2one(
        "account.move.line",
        string="Moved To",
        readonly=True,
        help="The journal item on which it is owed now, or was before it was moved on.",
    )
    account_id = fields.Many2one("account.account", readonly=True)
    date = fields.Date(readonly=True, help="The date of the entry that moved it.")
    due_date = fields.Date(readonly=True, help="The old instalment's due date.")
    amount = fields.Monetary(
        readonly=True, currency_field="company_currency_id", help="What was moved."
    )
    amount_open = fields.Monetary(
        "Still Owed",
        readonly=True,
        currency_field="company_currency_id",
        help="What of it is neither settled nor moved on.",
    )

    @property
    def _table_query(self) -> SQL:
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT transfer.id, line.company_id, partner.commercial_partner_id AS partner_id,
                   root.id AS root_line_id, root.move_id AS invoice_id,
                   line.id AS line_id, line.account_id, line.date,
                   %(due_date)s AS due_date,
                   transfer.amount, transfer.amount_open
              FROM (%(transfer)s) transfer
              JOIN account_move_line root ON root.id = transfer.root_line_id
              JOIN account_move_line line ON line.id = transfer.line_id
              JOIN res_partner partner ON partner.id = root.partner_id
             WHERE root.parent_state = 'posted'
            """,
            due_date=receivable._get_due_date_sql("root"),
            transfer=self._get_open_sql(self._get_root_sql(self._get_candidate_sql(SQL("TRUE")))),
        )

    def _get_open_sql(self, roots: SQL, as_of=None) -> SQL:
        """What was moved, and what of it is still owed where it was moved to, in company currency.

        Columns: ``id``, ``root_line_id`` (the old instalment), ``line_id`` (the new journal item),
        ``amount``, ``amount_open``; negative for what is owed to the customer.

        :param roots: SQL that selects the ids of the instalments.
        :param as_of: the day whose end counts; now without it.
        """
        known = SQL("TRUE")
        if as_of:
            # An exchange difference is dated to the end of its month, but known with its payment.
            known = SQL(
                """
                (piece.max_date <= %(as_of)s
                 OR counterpart.move_id IN (
                    SELECT exchange_move_id FROM account_partial_reconcile
                     WHERE exchange_move_id IS NOT NULL AND max_date <= %(as_of)s))
                """,
                as_of=as_of,
            )
        return SQL(
            """
            SELECT transfer.root_line_id::bigint * %(span)s + ROW_NUMBER() OVER (
                       PARTITION BY transfer.root_line_id
                       ORDER BY transfer.date, transfer.line_id, transfer.start) AS id,
                   transfer.root_line_id, transfer.line_id,
                   SIGN(line.balance) * (transfer.upto - transfer.start) AS amount,
                   SIGN(line.balance) * (transfer.upto - transfer.start - gone.amount)
                       AS amount_open
              FROM (%(transfer)s) transfer
             CROSS JOIN LATERAL (
                SELECT balance FROM account_move_line WHERE id = transfer.line_id OFFSET 0) line
             CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(piece.amount), 0) AS amount
                  FROM (%(pieces)s) piece
                  JOIN account_move_line counterpart ON counterpart.id = piece.counterpart_id
                 WHERE %(known)s
                   ) gone
             WHERE %(is_known)s
            """,
            span=ROWS_PER_LINE,
            transfer=self._get_transfer_sql(roots),
            pieces=self._get_piece_sql(),
            known=known,
            is_known=SQL("transfer.date <= %s", as_of) if as_of else SQL("TRUE"),
        )

    def _get_transfer_sql(self, roots: SQL) -> SQL:
        """Where what was owed on instalments was moved, step by step.

        Columns: ``root_line_id``, ``line_id``, ``start`` and ``upto`` (the interval of the journal
        item's balance, positive), ``date`` (since when it is known).

        It comes to an end on odd books, too: what is moved to an interval comes from one interval,
        so that nobody gets into a circle from outside, and what is found twice is not followed.

        :param roots: SQL that selects the ids of the instalments.
        """
        return SQL(
            """
            WITH RECURSIVE transfer AS (
                SELECT root.id AS root_line_id, root.id AS line_id,
                       0::numeric AS start, ABS(root.balance) AS upto,
                       NULL::date AS date
                  FROM account_move_line root
                 WHERE root.id IN (%(roots)s)
                 UNION
                SELECT transfer.root_line_id, moved.line_id,
                       moved.start, moved.upto, GREATEST(transfer.date, piece.max_date)
                  FROM transfer
                  JOIN account_move_line line ON line.id = transfer.line_id
                 CROSS JOIN LATERAL (%(pieces)s) piece
                 -- Looked up for each piece, of which there are few: as a join, the planner may
                 -- compare all journal items of a large entry with each other first. Its entry is
                 -- read only where it may move something: few of them do.
                 CROSS JOIN LATERAL (
                    SELECT * FROM account_move_line counterpart
                     WHERE id = piece.counterpart_id
                       AND display_type != 'payment_term' AND %(is_moving)s
                       -- What a difference of rates books on the customer's payment is no claim.
                       AND NOT EXISTS (SELECT FROM account_partial_reconcile causing
                                        WHERE causing.exchange_move_id = counterpart.move_id)
                    OFFSET 0
                       ) counterpart
                 CROSS JOIN LATERAL (%(moved)s) moved
                 WHERE counterpart.move_id != line.move_id
            )
            SELECT * FROM transfer WHERE line_id != root_line_id
            """,
            roots=roots,
            pieces=self._get_piece_sql(),
            moved=self._get_moved_sql(),
            is_moving=self._get_is_moving_sql(),
        )

    def _get_piece_sql(self) -> SQL:
        """What partial reconciliations took off the interval ``transfer`` of its journal item."""
        return SQL(
            """
            SELECT partial.id AS partial_id, partial.sign, partial.max_date, partial.counterpart_id,
                   GREATEST(transfer.start - partial.before, 0) AS skipped,
                   LEAST(transfer.upto, partial.before + partial.amount)
                       - GREATEST(transfer.start, partial.before) AS amount
              FROM (
                SELECT side.*, SUM(side.amount) OVER (ORDER BY side.id) - side.amount AS before
                  FROM (%s) side
                 WHERE side.line_id = transfer.line_id
                   ) partial
             WHERE partial.before < transfer.upto
               AND partial.before + partial.amount > transfer.start
            """,
            self.env["account.receivable.reading"]._get_side_sql(),
        )

    def _get_moved_sql(self) -> SQL:
        """The intervals of journal items to which ``counterpart`` moved the amount of ``piece``."""
        reading = self.env["account.receivable.reading"]

        def rounded(amount: SQL) -> SQL:
            return reading._round(amount, SQL("decimal_places"))

        return SQL(
            """
            SELECT line_id,
                   shift + GREATEST(owed_start - start, 0) AS start,
                   shift + LEAST(owed_upto, upto) - start AS upto
              FROM (
                SELECT reading.line_id, reading.start, reading.upto,
                       LEAST(reading.shift, reading.balance - reading.upto + reading.start)
                           AS shift,
                       %(owed_start)s AS owed_start,
                       %(owed_upto)s AS owed_upto
                  FROM (
                    SELECT read_line.id AS line_id, read_line.kind, read_line.balance,
                           read_line.ahead, read_line.decimal_places,
                           %(shift)s AS shift, %(start)s AS start, %(upto)s AS upto,
                           SUM(weight) FILTER (WHERE kind = 'owed') OVER () AS owed,
                           SUM(weight) OVER () AS total
                      FROM (SELECT %(settling)s) settling
                     CROSS JOIN LATERAL (%(lines)s) read_line
                    WINDOW running AS (ORDER BY read_line.id)
                       ) reading
                 CROSS JOIN LATERAL (SELECT %(ahead)s AS x OFFSET 0) point
                 WHERE reading.kind = 'owed'
                   ) target
             WHERE owed_start < upto AND owed_upto > start
            """,
            owed_start=rounded(SQL("point.x * owed / total")),
            owed_upto=rounded(SQL("(point.x + piece.amount) * owed / total")),
            shift=rounded(SQL("shift")),
            start=rounded(SQL("SUM(weight) FILTER (WHERE kind = 'owed') OVER running - weight")),
            upto=rounded(SQL("SUM(weight) FILTER (WHERE kind = 'owed') OVER running")),
            settling=reading._get_settling_sql("counterpart"),
            lines=reading._get_read_line_sql(SQL("TRUE")),
            ahead=reading._get_ahead_sql(),
        )

    def _get_is_moving_sql(self) -> SQL:
        """Whether the entry of ``counterpart`` may book the claim anew."""
        return SQL(
            """
            EXISTS (SELECT FROM account_move_line item
                     WHERE item.move_id = counterpart.move_id
                       AND item.balance * counterpart.balance < 0
                       AND item.account_id = ANY(ARRAY(%s)))
            """,
            self.env["account.receivable"]._get_claim_account_sql(),
        )

    # Which instalments were moved -----------------------------------------------------------------

    def _get_candidate_sql(self, condition: SQL, lines: SQL | None = None) -> SQL:
        """Journal items to which claims may have been moved.

        :param condition: on a journal item ``line`` of their entries.
        :param lines: a relation of the journal items to look among; all without it.
        """
        receivable = self.env["account.receivable"]
        return self._get_target_sql(
            SQL(
                """
                SELECT line.move_id
                  FROM %(lines)s line
                 WHERE line.account_id = ANY(ARRAY(%(trade)s))
                   AND %(is_candidate)s
                   AND %(condition)s
                 UNION
                SELECT line.move_id
                  FROM %(lines)s line
                 WHERE line.account_id = ANY(ARRAY(%(owed)s)) AND %(condition)s
                """,
                trade=receivable._get_trade_account_sql(),
                owed=receivable._get_owed_account_sql(),
                is_candidate=self._get_is_candidate_sql("line"),
                condition=condition,
                lines=lines or SQL("account_move_line"),
            )
        )

    def _get_is_candidate_sql(self, line: str) -> SQL:
        """Whether a claim may have been moved to a receivable journal item, as far as it tells by
        itself. The conditions are those of an index: few fulfil them.
        """
        return SQL(
            """
            (%(line)s.invoice_date IS NULL
             AND (%(line)s.balance > 0
                  OR %(line)s.payment_id IS NULL AND %(line)s.statement_line_id IS NULL))
            """,
            line=SQL.identifier(line),
        )

    def _get_target_sql(self, entries: SQL) -> SQL:
        """Journal items of these entries to which a claim may have been moved: where the entry
        books claims on the same customer on both sides, or on an account where claims are owed.

        Entry by entry: an opening balance may have ten thousand receivable items.

        :param entries: SQL that selects the ids of entries, each once.
        """
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT item.id
              FROM (%(entries)s) entry
             CROSS JOIN LATERAL (
                SELECT line.id,
                       CASE WHEN line.account_id = ANY(ARRAY(%(owed)s))
                            THEN MIN(line.balance) OVER () < 0 AND MAX(line.balance) OVER () > 0
                            ELSE partner.commercial_partner_id IS NOT NULL
                                 AND MIN(line.balance) OVER own < 0
                                 AND MAX(line.balance) OVER own > 0
                       END AS is_target
                  FROM account_move_line line
                  LEFT JOIN res_partner partner ON partner.id = line.partner_id
                 WHERE line.move_id = entry.move_id
                   AND line.display_type != 'payment_term'
                   AND line.account_id = ANY(ARRAY(%(claim)s))
                WINDOW own AS (PARTITION BY partner.commercial_partner_id)
                OFFSET 0
                   ) item
             WHERE item.is_target
            """,
            entries=entries,
            owed=receivable._get_owed_account_sql(),
            claim=receivable._get_claim_account_sql(),
        )

    def _get_is_source_sql(self, peer: str, target: str) -> SQL:
        """Whether a claim may have been moved from one journal item of an entry to another one."""
        receivable = self.env["account.receivable"]
        return SQL(
            """
            (%(peer)s.move_id = %(target)s.move_id
             AND %(peer)s.balance * %(target)s.balance < 0
             AND %(peer)s.display_type != 'payment_term'
             AND %(peer)s.account_id = ANY(ARRAY(%(claim)s))
             AND (%(target)s.account_id = ANY(ARRAY(%(owed)s))
                  OR (SELECT commercial_partner_id FROM res_partner
                       WHERE id = %(peer)s.partner_id)
                   = (SELECT commercial_partner_id FROM res_partner
                       WHERE id = %(target)s.partner_id)))
            """,
            peer=SQL.identifier(peer),
            target=SQL.identifier(target),
            claim=receivable._get_claim_account_sql(),
            owed=receivable._get_owed_account_sql(),
        )

    def _get_root_sql(self, candidates: SQL) -> SQL:
        """The ids of the journal items from which claims were moved to the candidates, over however
        many steps: instalments, and other claims that did not come from elsewhere themselves.

        :param candidates: SQL that selects ids of journal items.
        """
        return SQL(
            """
            WITH RECURSIVE source (id) AS (
                SELECT id FROM (%(candidates)s) candidate
                 UNION
                SELECT side.line_id
                  FROM source
                  JOIN account_move_line target ON target.id = source.id
                  JOIN account_move_line peer ON %(is_source)s
                  JOIN (%(sides)s) side ON side.counterpart_id = peer.id
            )
            SELECT root.id
              FROM source
              JOIN account_move_line root ON root.id = source.id
             WHERE root.partner_id IS NOT NULL
               AND root.account_id = ANY(ARRAY(%(trade)s))
               AND (root.display_type = 'payment_term'
                    OR root.balance > 0
                       AND NOT EXISTS (SELECT FROM account_move_line peer WHERE %(is_root_source)s))
            """,
            candidates=candidates,
            is_source=self._get_is_source_sql("peer", "target"),
            sides=self.env["account.receivable.reading"]._get_side_sql(),
            trade=self.env["account.receivable"]._get_trade_account_sql(),
            is_root_source=self._get_is_source_sql("peer", "root"),
        )
