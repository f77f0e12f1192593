from odoo import fields, models
from odoo.tools import SQL

from ..scope import Scope


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
        if self.env["account.receivable"]._get_line_ids_sql(scope):
            # Of few instalments all entries are looked at: a statement more takes longer to plan.
            partials = self._get_partial_sql(reading._get_examined_part_sql(), SQL("TRUE"), scope)
        else:
            is_examined = reading._get_is_examined_sql()
            partials = SQL(
                "%s UNION ALL %s",
                self._get_partial_sql(
                    reading._get_plain_part_sql(), SQL("NOT %s", is_examined), scope
                ),
                self._get_partial_sql(reading._get_examined_part_sql(), is_examined, scope),
            )
        return SQL(
            "%s UNION ALL %s",
            partials,
            self.env["account.receivable.unposted"]._get_unposted_sql(scope),
        )

    def _get_partial_sql(self, parts: SQL, is_wanted: SQL, scope) -> SQL:
        """Settlements that are partial reconciliations.

        :param parts: SQL of what a partial reconciliation consists of.
        :param is_wanted: SQL of a condition on the counterpart.
        """
        receivable = self.env["account.receivable"]
        conditions = [SQL("part.amount != 0")]
        if line_ids := receivable._get_line_ids_sql(scope):
            conditions.append(SQL("line.id = ANY(%s)", line_ids))
        if scope.since:
            # An exchange difference has the date of its cause, whatever its own.
            conditions.append(
                SQL(
                    """
                    (GREATEST(partial.max_date, line.invoice_date) > %(since)s::date
                     OR counterpart.move_id IN (
                        SELECT exchange_move_id FROM account_partial_reconcile
                         WHERE exchange_move_id IS NOT NULL AND max_date > %(since)s::date))
                    """,
                    since=scope.since,
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
             WHERE %(conditions)s
            """,
            due_date=receivable._get_due_date_sql("line"),
            sides=self._get_partial_side_sql(),
            trade=receivable._get_trade_account_sql(),
            is_wanted=is_wanted,
            parts=parts,
            conditions=SQL(" AND ").join(conditions),
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
