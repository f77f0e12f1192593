from odoo import models
from odoo.tools import SQL


class AccountReceivableItem(models.AbstractModel):
    """Open items: receivable journal items of customers with what is open on them.

    Everything that speaks of what is owed (customers, deals, reports) reads this relation.
    """

    _name = "account.receivable.item"
    _description = "Open Receivable Items"

    def _get_item_sql(self, scope) -> SQL:
        """One row per open item, in company currency; negative amounts are credits.

        Columns: ``company_id``, ``partner_id`` (commercial, as of now), ``line_id`` and ``move_id``
        (where it stands in the ledger), ``root_line_id`` and ``root_move_id`` (whose it is),
        ``is_document`` (an instalment of an invoice, receipt or credit note), ``is_disputed``,
        ``due_date``, ``amount``.

        What an entry only moved (a bill, a doubtful claim) is open on the new journal item, once,
        and belongs to the old instalment: its due date, document, partner and dispute count. Where
        nothing was moved, root and journal item are the same.

        Today it is the ledger's residual, also of entries dated ahead. For a past day it is the
        residual and what was settled later. What a payment without journal entry settles is not
        open any more.

        Within a document a negative instalment (a fixed part larger than the invoice) is taken off
        the others, the last due first: no more is overdue than the document owes.
        """
        return SQL(
            """
            SELECT company_id, partner_id, line_id, move_id, root_line_id, root_move_id,
                   is_document, is_disputed, due_date,
                   SIGN(total) * LEAST(ABS(amount), ABS(total) - before) AS amount
              FROM (
                SELECT item.*,
                       SUM(amount) OVER document AS total,
                       COALESCE(SUM(ABS(amount)) OVER (
                           PARTITION BY is_document, document_id, SIGN(amount)
                           ORDER BY due_date, root_line_id, line_id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                  FROM (%s) item
                WINDOW document AS (PARTITION BY is_document, document_id)
                   ) item
             WHERE SIGN(amount) = SIGN(total) AND ABS(total) > before
            """,
            self._get_single_item_sql(scope),
        )

    def _get_single_item_sql(self, scope) -> SQL:
        """Open items, each by itself, with what they are netted within (``document_id``)."""
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT root.company_id,
                   partner.commercial_partner_id AS partner_id,
                   open.line_id,
                   line.move_id,
                   open.root_line_id,
                   root.move_id AS root_move_id,
                   root.display_type = 'payment_term' AS is_document,
                   CASE WHEN root.display_type = 'payment_term' THEN root.move_id ELSE root.id END
                       AS document_id,
                   COALESCE(move.payment_state = 'blocked', FALSE) AS is_disputed,
                   %(due_date)s AS due_date,
                   open.amount
              FROM (%(open)s) open
             -- Looked up one by one, of which there are few: the planner expects so many transfers
             -- that it would read all journal items.
             CROSS JOIN LATERAL (
                SELECT move_id FROM account_move_line WHERE id = open.line_id OFFSET 0) line
             CROSS JOIN LATERAL (
                SELECT * FROM account_move_line WHERE id = open.root_line_id OFFSET 0) root
              JOIN res_partner partner ON partner.id = root.partner_id
              LEFT JOIN LATERAL (
                SELECT payment_state FROM account_move
                 WHERE id = root.move_id AND root.display_type = 'payment_term'
                OFFSET 0) move ON TRUE
             WHERE open.amount != 0
               AND root.parent_state = 'posted'
               AND %(companies)s
               AND %(partners)s
            """,
            due_date=receivable._get_due_date_sql("root"),
            open=self._get_open_sql(scope),
            companies=receivable._get_company_sql(SQL("root.company_id"), scope),
            partners=receivable._get_partner_sql(SQL("root.partner_id"), scope),
        )

    def _get_open_sql(self, scope) -> SQL:
        """What is open on journal items, and of which instalments it is."""
        residual = self._get_residual_sql(scope)
        if {"moved", "unposted"} <= scope.without:
            return SQL("SELECT line_id, line_id AS root_line_id, amount FROM (%s) item", residual)
        transfer = self.env["account.receivable.transfer"]
        return SQL(
            """
            WITH residual AS MATERIALIZED (%(residual)s),
            transfer AS MATERIALIZED (%(transfer)s),
            unposted AS MATERIALIZED (%(unposted)s)
            SELECT residual.line_id, residual.line_id AS root_line_id,
                   residual.amount - COALESCE(unposted.amount, 0) - COALESCE(moved.amount, 0)
                       AS amount
              FROM residual
              LEFT JOIN unposted ON unposted.line_id = residual.line_id
              LEFT JOIN (
                SELECT line_id, SUM(amount_open) AS amount FROM transfer GROUP BY line_id
                   ) moved ON moved.line_id = residual.line_id
             UNION ALL
            SELECT line_id, root_line_id, SUM(amount_open)
              FROM transfer
             GROUP BY line_id, root_line_id
            """,
            residual=residual,
            transfer=transfer._get_open_sql(
                SQL("SELECT UNNEST(%s)", scope.line_ids)
                if scope.line_ids
                else transfer._get_root_sql(self._get_candidate_sql(scope)),
                scope.as_of,
            ),
            unposted=self._get_unposted_sql(scope),
        )

    def _get_candidate_sql(self, scope) -> SQL:
        """Journal items on which something may be open that was moved there: of ``residual``, on
        accounts that are no receivables, and in drafts, which settle nothing.
        """
        receivable = self.env["account.receivable"]
        return self.env["account.receivable.transfer"]._get_target_sql(
            SQL(
                """
                SELECT line.move_id
                  FROM residual
                 CROSS JOIN LATERAL (
                    SELECT * FROM account_move_line WHERE id = residual.line_id OFFSET 0) line
                 WHERE line.invoice_date IS NULL AND line.display_type != 'payment_term'
                 UNION
                SELECT line.move_id
                  FROM (%(owed)s) owed
                 -- Account by account, of which there are few: the planner expects so many that it
                 -- would read all journal items.
                 CROSS JOIN LATERAL (
                    SELECT * FROM account_move_line line
                     WHERE line.account_id = owed.id AND %(is_open)s
                    OFFSET 0) line
                 WHERE %(companies)s
                 UNION
                SELECT id
                  FROM account_move
                 WHERE journal_id IN (SELECT id FROM account_journal)
                   AND state = 'draft' AND move_type = 'entry'
                """,
                owed=receivable._get_owed_account_sql(),
                companies=receivable._get_company_sql(SQL("line.company_id"), scope),
                is_open=SQL("line.date <= %s", scope.as_of)
                if scope.as_of
                else SQL("line.reconciled IS NOT TRUE"),
            )
        )

    def _get_residual_sql(self, scope) -> SQL:
        receivable = self.env["account.receivable"]
        conditions = SQL(
            """
            line.parent_state = 'posted'
            AND line.account_id = ANY(ARRAY(%s))
            AND line.partner_id IS NOT NULL
            AND %s
            AND %s
            AND %s
            """,
            receivable._get_trade_account_sql(),
            receivable._get_company_sql(SQL("line.company_id"), scope),
            receivable._get_partner_sql(SQL("line.partner_id"), scope),
            SQL("line.id = ANY(%s)", scope.line_ids) if scope.line_ids else SQL("TRUE"),
        )
        open_now = SQL(
            """
            SELECT line.id AS line_id, line.amount_residual AS amount,
                   line.amount_residual_currency AS amount_currency
              FROM account_move_line line
             WHERE line.reconciled IS NOT TRUE AND line.amount_residual != 0 AND %s
            """,
            conditions,
        )
        if not scope.as_of:
            return SQL("%s AND NOT %s", open_now, receivable._get_is_revaluation_sql("line"))
        return SQL(
            """
            SELECT part.line_id, SUM(part.amount) AS amount
              FROM (%(open_now)s UNION ALL %(debits)s UNION ALL %(credits)s) part
              JOIN account_move_line item ON item.id = part.line_id
             WHERE item.date <= %(as_of)s
             GROUP BY part.line_id, item.currency_id, item.company_currency_id
            HAVING SUM(part.amount) != 0
               -- What only values another currency anew is no debt, as of today.
               AND (item.currency_id = item.company_currency_id OR SUM(part.amount_currency) != 0)
            """,
            open_now=open_now,
            debits=self._get_settled_later_sql("debit", 1, conditions, scope),
            credits=self._get_settled_later_sql("credit", -1, conditions, scope),
            as_of=scope.as_of,
        )

    def _get_settled_later_sql(self, side: str, sign: int, conditions: SQL, scope) -> SQL:
        """What was taken off journal items after the day of the scope.

        An exchange difference is dated to the end of its month, but known with its payment.
        """
        return SQL(
            """
            SELECT line.id AS line_id, %(sign)s * partial.amount AS amount,
                   %(sign)s * partial.%(amount_currency)s AS amount_currency
              FROM account_partial_reconcile partial
              JOIN account_move_line line ON line.id = partial.%(side)s
              JOIN account_move_line counterpart
                ON counterpart.id = partial.debit_move_id + partial.credit_move_id - line.id
              LEFT JOIN (
                SELECT exchange_move_id AS move_id, MIN(max_date) AS date
                  FROM account_partial_reconcile
                 WHERE exchange_move_id IS NOT NULL
                 GROUP BY exchange_move_id
                   ) cause ON cause.move_id = counterpart.move_id
             WHERE partial.max_date > %(as_of)s
               AND COALESCE(cause.date, partial.max_date) > %(as_of)s
               AND %(conditions)s
            """,
            sign=sign,
            side=SQL.identifier(f"{side}_move_id"),
            amount_currency=SQL.identifier(f"{side}_amount_currency"),
            as_of=scope.as_of,
            conditions=conditions,
        )

    def _get_unposted_sql(self, scope) -> SQL:
        """What payments without journal entry settle of instalments, however long ago."""
        return SQL(
            """
            SELECT line_id, SUM(amount) AS amount
              FROM (%(unposted)s) unposted
             WHERE %(known)s
             GROUP BY line_id
            """,
            # What is open does not depend on when settlements are wanted from.
            unposted=self.env["account.receivable.unposted"]._get_unposted_sql(
                scope.but(since=None)
            ),
            known=SQL("settlement_date <= %s", scope.as_of) if scope.as_of else SQL("TRUE"),
        )
