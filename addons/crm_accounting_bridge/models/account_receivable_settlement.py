from odoo import fields, models
from odoo.tools import SQL


class AccountReceivableSettlement(models.Model):
    """One row per settled part of a receivable instalment: what it was, when, and how late.

    The single place that says what counts as cash, credit note, write-off, discount or exchange
    difference. It reads partial reconciliations, never ``payment_state`` or the "last payment":
    those cannot tell an invoice paid in three parts from one that was written off.
    """

    _name = "account.receivable.settlement"
    _description = "Receivable Settlement"
    _auto = False
    _order = "settlement_date desc, id desc"
    _rec_name = "invoice_id"
    _depends = {
        "account.move": ["payment_state", "state"],
        "account.move.line": [
            "account_id",
            "balance",
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
        ],
        "account.partial.reconcile": [
            "amount",
            "credit_move_id",
            "debit_move_id",
            "exchange_move_id",
            "max_date",
        ],
        "account.payment": ["amount", "currency_id", "date", "invoice_ids", "move_id", "state"],
        "account.payment.method.line": ["payment_account_id"],
        "account.account": ["account_type", "non_trade"],
        "account.journal": ["suspense_account_id"],
        "res.company": ["transfer_account_id"],
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
        ],
        readonly=True,
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
    days_to_pay = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Days from the invoice date to the settlement date.",
    )
    days_beyond_terms = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Days from the due date to the settlement date; negative when settled early.",
    )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT id, company_id, partner_id, line_id AS invoice_line_id, move_id AS invoice_id,
                   counterpart_line_id, kind, amount, invoice_date, due_date, settlement_date,
                   settlement_date - invoice_date AS days_to_pay,
                   settlement_date - due_date AS days_beyond_terms
              FROM (%s) settlement
             WHERE NOT is_mirror AND parent_state = 'posted'
            """,
            self._get_settlement_sql(),
        )

    def _get_settlement_sql(self, line_ids: SQL | None = None, since: SQL | None = None) -> SQL:
        """All settled parts of receivable instalments of invoices, receipts and credit notes.

        Columns beyond the model's: ``is_mirror`` (a credit note's own side of its matching with an
        invoice, which is counted on the invoice), ``cause_line_id`` (the journal item that the
        settlement is due to: for an exchange difference that of the payment or credit note which
        brought it about), ``parent_state`` and ``move_id``.

        :param line_ids: SQL of an array of journal item ids; only their settlements are read.
        :param since: SQL of a date; all settlements after it are read, and some up to it may be.
        """
        if line_ids:
            # Of few instalments all entries are looked at: a statement more takes longer to plan.
            partials = self._get_partial_sql(
                self._get_examined_part_sql(), SQL("TRUE"), line_ids, since
            )
        else:
            is_examined = self._get_is_examined_sql()
            partials = SQL(
                "%s UNION ALL %s",
                self._get_partial_sql(
                    self._get_plain_part_sql(), SQL("NOT %s", is_examined), line_ids, since
                ),
                self._get_partial_sql(self._get_examined_part_sql(), is_examined, line_ids, since),
            )
        return SQL("%s UNION ALL %s", partials, self._get_unposted_payment_sql(line_ids, since))

    def _get_partial_sql(
        self, parts: SQL, is_wanted: SQL, line_ids: SQL | None, since: SQL | None
    ) -> SQL:
        """Settlements that are partial reconciliations.

        :param parts: SQL of what a partial reconciliation consists of.
        :param is_wanted: SQL of a condition on the counterpart.
        """
        scope = [SQL("part.amount != 0")]
        if line_ids:
            scope.append(SQL("line.id = ANY(%s)", line_ids))
        if since:
            # An exchange difference has the date of its cause, whatever its own.
            scope.append(
                SQL(
                    """
                    (GREATEST(partial.max_date, line.invoice_date) > %(since)s
                     OR counterpart.move_id IN (
                        SELECT exchange_move_id FROM account_partial_reconcile
                         WHERE exchange_move_id IS NOT NULL AND max_date > %(since)s))
                    """,
                    since=since,
                )
            )
        return SQL(
            """
            SELECT partial.side_id + part.number AS id,
                   line.company_id,
                   line.partner_id,
                   line.id AS line_id,
                   line.move_id,
                   line.parent_state,
                   counterpart.id AS counterpart_line_id,
                   part.cause_line_id,
                   part.kind,
                   partial.sign * part.amount AS amount,
                   line.invoice_date,
                   %(due_date)s AS due_date,
                   GREATEST(line.invoice_date, part.date) AS settlement_date,
                   line.balance < 0 AND part.kind = 'credit_note' AS is_mirror
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
             CROSS JOIN LATERAL (%(parts)s) part
             WHERE %(scope)s
            """,
            due_date=self._get_due_date_sql("line"),
            sides=self._get_partial_side_sql(),
            trade=self._get_trade_account_sql(),
            is_wanted=is_wanted,
            parts=parts,
            scope=SQL(" AND ").join(scope),
        )

    def _get_partial_side_sql(self) -> SQL:
        """Partial reconciliations, seen from their debit side and from their credit side."""
        return SQL(
            """
            SELECT id, id::bigint * 8 AS side_id, amount, max_date, 1 AS sign,
                   debit_move_id AS line_id, credit_move_id AS counterpart_id
              FROM account_partial_reconcile
             UNION ALL
            SELECT id, id::bigint * 8 + 4, amount, max_date, -1, credit_move_id, debit_move_id
              FROM account_partial_reconcile
            """
        )

    def _get_due_date_sql(self, line: str) -> SQL:
        """When a receivable journal item is due: on its due date, an entry without one on its own
        date; a due date before the invoice date counts as the invoice date.

        :param line: the alias of ``account_move_line``.
        """
        return SQL(
            "GREATEST(COALESCE(%s, %s), %s)",
            SQL.identifier(line, "date_maturity"),
            SQL.identifier(line, "date"),
            SQL.identifier(line, "invoice_date"),
        )

    def _get_trade_account_sql(self) -> SQL:
        """Accounts of what customers owe for goods and services."""
        return SQL(
            """
            SELECT id FROM account_account
             WHERE account_type = 'asset_receivable' AND NOT COALESCE(non_trade, FALSE)
            """
        )

    def _get_is_examined_sql(self) -> SQL:
        """Whether the counterpart's entry has to be looked at to know what the settlement is.

        Seldom: it books a loss beside the money, or is neither of a payment nor of a bank
        statement nor a credit note. Comparing with 1 tells the planner that it is seldom.
        """
        return SQL(
            """
            EXISTS (
                SELECT FROM account_move_line item
                 WHERE item.move_id = counterpart.move_id
                   AND CASE WHEN item.payment_id IS NOT NULL OR item.statement_line_id IS NOT NULL
                            THEN CASE WHEN item.account_id IN (%(result)s) THEN 1 END
                            WHEN item.display_type != 'payment_term'
                             AND item.account_id IN (%(trade)s) THEN 1
                       END = 1)
            """,
            result=SQL(
                "SELECT account.id FROM account_account account WHERE %s",
                self._get_is_result_sql(),
            ),
            trade=self._get_trade_account_sql(),
        )

    def _get_plain_part_sql(self) -> SQL:
        """A partial reconciliation that is all money or all credit note."""
        return SQL(
            """
            SELECT 0 AS number,
                   CASE WHEN counterpart.display_type = 'payment_term' THEN 'credit_note'
                        ELSE 'payment' END AS kind,
                   partial.amount,
                   counterpart.id AS cause_line_id,
                   counterpart.date
            """
        )

    def _get_examined_part_sql(self) -> SQL:
        """What any partial reconciliation consists of, by its counterpart's entry."""
        return SQL(
            """
            SELECT part.number, part.kind, part.amount,
                   COALESCE(cause.line_id, counterpart.id) AS cause_line_id,
                   COALESCE(cause.date, counterpart.date) AS date
              FROM (SELECT) nothing
              LEFT JOIN LATERAL (%(cause)s) cause ON TRUE
             CROSS JOIN LATERAL (%(loss)s) loss
             CROSS JOIN LATERAL (%(lost)s) lost
             CROSS JOIN LATERAL (
                SELECT 0 AS number,
                       CASE WHEN counterpart.display_type = 'payment_term' THEN 'credit_note'
                            WHEN cause.line_id IS NOT NULL THEN 'exchange'
                            ELSE 'payment' END AS kind,
                       partial.amount - lost.amount AS amount
                 UNION ALL
                SELECT 1,
                       CASE WHEN loss.is_discount THEN 'discount' ELSE 'write_off' END,
                       lost.amount
                   ) part
            """,
            cause=self._get_exchange_cause_sql(),
            loss=self._get_loss_sql(),
            lost=self._get_lost_amount_sql(),
        )

    def _get_exchange_cause_sql(self) -> SQL:
        """For a counterpart in an exchange difference entry: the settlement that caused it.

        A reconciliation notes the exchange entry that it brought about. Preferably the one of the
        same instalment: an exchange difference stays with the invoice that it belongs to.
        """
        return SQL(
            """
            SELECT cause_line.id AS line_id, cause_line.date
              FROM account_partial_reconcile causing
              JOIN account_move_line cause_line
                ON cause_line.id = CASE WHEN causing.debit_move_id = line.id
                                          OR (causing.credit_move_id != line.id
                                              AND partial.sign = 1)
                                        THEN causing.credit_move_id
                                        ELSE causing.debit_move_id END
             WHERE causing.exchange_move_id = counterpart.move_id
               AND counterpart.display_type != 'payment_term'
               AND counterpart.payment_id IS NULL
               AND counterpart.statement_line_id IS NULL
             ORDER BY line.id IN (causing.debit_move_id, causing.credit_move_id) DESC, causing.id
             LIMIT 1
            """
        )

    def _get_loss_sql(self) -> SQL:
        """Of the counterpart's entry: which ratio of what it settles is no money but a loss.

        Money is an entry of a payment or a bank statement, or one that touches a bank, cash,
        credit card or outstanding account (:meth:`_get_outstanding_account_sql`), the receivable
        of the point of sale or of somebody else who takes over the debt, a payable (set off) or
        equity (opening balance). Its loss is what it books on income and expense accounts, with
        the tax that goes with it. Any other entry is a loss in full, also one that makes the claim
        doubtful; a credit note or an exchange difference is none.
        """
        return SQL(
            """
            SELECT CASE WHEN counterpart.display_type = 'payment_term'
                          OR cause.line_id IS NOT NULL THEN 0
                        WHEN counterpart.payment_id IS NULL
                         AND counterpart.statement_line_id IS NULL
                         AND NOT entry.is_money THEN 1
                        WHEN entry.result * counterpart.balance < 0
                        THEN LEAST(1, ABS((entry.result + entry.tax) / entry.settled))
                        ELSE 0
                   END AS ratio,
                   entry.is_money AND (entry.is_early_discount
                       OR COALESCE(counterpart.date <= line.discount_date, FALSE)) AS is_discount
              FROM (
                SELECT BOOL_OR(
                           account.account_type IN (
                               'asset_cash', 'liability_credit_card', 'liability_payable',
                               'equity', 'equity_unaffected')
                           OR (account.account_type = 'asset_receivable'
                               AND item.balance * counterpart.balance < 0
                               AND (item.partner_id IS DISTINCT FROM counterpart.partner_id
                                    OR account.id
                                       = company.account_default_pos_receivable_account_id))
                           OR account.id IN (%(outstanding)s)
                           OR item.payment_id IS NOT NULL
                           OR item.statement_line_id IS NOT NULL
                       ) AS is_money,
                       COALESCE(SUM(item.balance) FILTER (WHERE %(is_result)s), 0) AS result,
                       COALESCE(SUM(item.balance) FILTER (
                           WHERE item.tax_line_id IS NOT NULL AND NOT %(is_result)s), 0) AS tax,
                       SUM(item.balance) FILTER (
                           WHERE account.account_type = 'asset_receivable'
                             AND item.balance * counterpart.balance > 0) AS settled,
                       COALESCE(BOOL_OR(
                           account.id = company.account_journal_early_pay_discount_loss_account_id
                       ), FALSE) AS is_early_discount
                  FROM account_move_line item
                  JOIN account_account account ON account.id = item.account_id
                  JOIN res_company company ON company.id = item.company_id
                 WHERE item.move_id = counterpart.move_id
                   AND counterpart.display_type != 'payment_term'
                   AND cause.line_id IS NULL
              ) entry
            """,
            outstanding=self._get_outstanding_account_sql(),
            is_result=self._get_is_result_sql(),
        )

    def _get_is_result_sql(self) -> SQL:
        """Whether ``account`` is one of income or expenses."""
        return SQL("split_part(account.account_type, '_', 1) IN ('income', 'expense')")

    def _get_outstanding_account_sql(self) -> SQL:
        """Accounts on which money waits for the bank: named by payment methods and journals, or
        taken from the chart of accounts, as payments do when their method names none.
        """
        return SQL(
            """
            SELECT payment_account_id FROM account_payment_method_line
             WHERE payment_account_id IS NOT NULL
             UNION ALL
            SELECT suspense_account_id FROM account_journal WHERE suspense_account_id IS NOT NULL
             UNION ALL
            SELECT transfer_account_id FROM res_company WHERE transfer_account_id IS NOT NULL
             UNION ALL
            SELECT data.res_id
              FROM res_company company
              JOIN ir_model_data data
                ON data.module = 'account'
               AND data.name IN (company.id || '_account_journal_payment_debit_account_id',
                                 company.id || '_account_journal_payment_credit_account_id')
            """
        )

    def _get_lost_amount_sql(self) -> SQL:
        """What of one partial reconciliation is a loss.

        A payment's loss is shared over the invoices that it settles in proportion to the settled
        amounts. Rounding runs through them in the order of settling, so that the shares add up to
        the loss to the cent.
        """
        return SQL(
            """
            SELECT CASE
                       WHEN loss.ratio IN (0, 1) THEN loss.ratio * partial.amount
                       ELSE ROUND((earlier.amount + partial.amount) * loss.ratio, decimal_places)
                            - ROUND(earlier.amount * loss.ratio, decimal_places)
                   END AS amount
              FROM (
                SELECT COALESCE(SUM(earlier.amount), 0) AS amount
                  FROM (%(sides)s) earlier
                 WHERE earlier.sign = partial.sign
                   AND earlier.counterpart_id = counterpart.id
                   AND earlier.id < partial.id
                   AND loss.ratio NOT IN (0, 1)
                    ) earlier
              JOIN res_currency currency ON currency.id = line.company_currency_id
            """,
            due_date=self._get_due_date_sql("line"),
            sides=self._get_partial_side_sql(),
        )

    def _get_unposted_payment_sql(
        self, line_ids: SQL | None = None, since: SQL | None = None
    ) -> SQL:
        """Settlements by payments without a journal entry, which leave no reconciliation yet.

        A payment goes to its invoices, and an invoice's payments to its instalments, in the order
        of their due dates, up to what is open. A payment in process counts; a paid one only while
        nothing was reconciled with the invoice, for then the money is on the bank statement.
        Same columns and parameters as :meth:`_get_settlement_sql`.
        """
        scope = []
        if line_ids:
            scope.append(SQL("line.id = ANY(%s)", line_ids))
        if since:
            scope.append(SQL("GREATEST(line.invoice_date, payment.date) > %s", since))
        return SQL(
            """
            SELECT -(line.id::bigint * 16 + payment.number) AS id,
                   line.company_id,
                   line.partner_id,
                   line.id AS line_id,
                   line.move_id,
                   line.parent_state,
                   NULL::int AS counterpart_line_id,
                   NULL::int AS cause_line_id,
                   'payment' AS kind,
                   payment.sign * (LEAST(payment.upto, open.upto)
                       - GREATEST(payment.upto - payment.amount,
                                  open.upto - ABS(line.amount_residual))) AS amount,
                   line.invoice_date,
                   %(due_date)s AS due_date,
                   GREATEST(line.invoice_date, payment.date) AS settlement_date,
                   FALSE AS is_mirror
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             CROSS JOIN LATERAL (%(payments)s) payment
             CROSS JOIN LATERAL (
                SELECT SUM(ABS(item.amount_residual)) AS upto
                  FROM account_move_line item
                  JOIN account_account item_account ON item_account.id = item.account_id
                 WHERE item.move_id = line.move_id
                   AND item.display_type = 'payment_term'
                   AND item_account.account_type = 'asset_receivable'
                   AND NOT COALESCE(item_account.non_trade, FALSE)
                   AND item.partner_id IS NOT NULL
                   AND (COALESCE(item.date_maturity, item.date), item.id)
                       <= (COALESCE(line.date_maturity, line.date), line.id)
                   ) open
             WHERE line.display_type = 'payment_term'
               AND account.account_type = 'asset_receivable'
               AND NOT COALESCE(account.non_trade, FALSE)
               AND line.partner_id IS NOT NULL
               AND line.amount_residual != 0
               -- Few instalments have such a payment: only for them the rest is looked at.
               AND line.move_id IN (
                    SELECT link.invoice_id
                      FROM account_move__account_payment link
                      JOIN account_payment unposted ON unposted.id = link.payment_id
                     WHERE unposted.move_id IS NULL AND unposted.state IN ('in_process', 'paid'))
               AND payment.invoice_id = line.move_id
               AND LEAST(payment.upto, open.upto)
                   > GREATEST(payment.upto - payment.amount,
                              open.upto - ABS(line.amount_residual))
               AND %(scope)s
            """,
            due_date=self._get_due_date_sql("line"),
            payments=self._get_unposted_payment_amount_sql(),
            scope=SQL(" AND ").join(scope) if scope else SQL("TRUE"),
        )

    def _get_unposted_payment_amount_sql(self) -> SQL:
        """What each payment without journal entry pays of the invoice ``line.move_id``, running
        total. Its other invoices are among the rows, for the payment goes to them in turn: what an
        invoice leaves of it is reckoned in the payment's currency (``owed``), for the invoices may
        have been issued at several rates.
        """
        return SQL(
            """
            SELECT share.*,
                   ROW_NUMBER() OVER running AS number,
                   SUM(share.amount) OVER running AS upto
              FROM (
                SELECT payment.id, payment.date, invoice.id AS invoice_id, open.sign,
                       LEAST(open.residual, ROUND(
                           GREATEST(0, payment.amount - COALESCE(SUM(open.owed) OVER (
                                PARTITION BY payment.id
                                ORDER BY invoice.invoice_date_due, invoice.id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))
                           * open.residual / open.owed,
                           open.decimal_places)) AS amount
                  FROM account_payment payment
                  JOIN account_move__account_payment link ON link.payment_id = payment.id
                  JOIN account_move invoice ON invoice.id = link.invoice_id
                 CROSS JOIN LATERAL (
                    SELECT ABS(SUM(item.amount_residual)) AS residual,
                           SIGN(SUM(item.amount_residual)) AS sign,
                           MAX(currency.decimal_places) AS decimal_places,
                           CASE WHEN MAX(item.currency_id) = payment.currency_id
                                 AND SUM(item.amount_residual_currency) != 0
                                THEN ABS(SUM(item.amount_residual_currency))
                                ELSE ABS(SUM(item.amount_residual)) * payment.amount
                                     / NULLIF(ABS(payment.amount_company_currency_signed), 0)
                           END AS owed,
                           COUNT(partial.id) > 0 AS is_reconciled
                      FROM account_move_line item
                      JOIN account_account account ON account.id = item.account_id
                      JOIN res_currency currency ON currency.id = item.company_currency_id
                      LEFT JOIN LATERAL (
                        SELECT id FROM account_partial_reconcile
                         WHERE item.id IN (debit_move_id, credit_move_id) LIMIT 1
                           ) partial ON TRUE
                     WHERE item.move_id = invoice.id
                       AND item.display_type = 'payment_term'
                       AND account.account_type = 'asset_receivable'
                       AND NOT COALESCE(account.non_trade, FALSE)
                       ) open
                 WHERE payment.id IN (SELECT payment_id FROM account_move__account_payment
                                       WHERE invoice_id = line.move_id)
                   AND payment.move_id IS NULL
                   AND (payment.state = 'in_process'
                        OR (payment.state = 'paid' AND NOT open.is_reconciled))
                   AND open.owed > 0
                   AND (open.sign > 0) = (payment.payment_type = 'inbound')
              ) share
             WHERE share.amount > 0
            WINDOW running AS (PARTITION BY share.invoice_id ORDER BY share.date, share.id)
            """
        )
