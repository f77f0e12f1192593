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

        Columns: ``company_id``, ``partner_id`` (commercial, as of now), ``line_id``, ``move_id``,
        ``is_document`` (an instalment of an invoice, receipt or credit note), ``is_disputed``,
        ``due_date``, ``amount``.

        Today it is the ledger's residual, also of entries dated ahead. For a past day it is the
        residual and what was settled later. What a payment without journal entry settles is not
        open any more.

        Within a document a negative instalment (a fixed part larger than the invoice) is taken off
        the others, the last due first: no more is overdue than the document owes.
        """
        return SQL(
            """
            SELECT company_id, partner_id, line_id, move_id, is_document, is_disputed, due_date,
                   SIGN(total) * LEAST(ABS(amount), ABS(total) - before) AS amount
              FROM (
                SELECT item.*,
                       SUM(amount) OVER document AS total,
                       COALESCE(SUM(ABS(amount)) OVER (
                           PARTITION BY is_document, document_id, SIGN(amount)
                           ORDER BY due_date, line_id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                  FROM (%s) item
                WINDOW document AS (PARTITION BY is_document, document_id)
                   ) item
             WHERE SIGN(amount) = SIGN(total) AND ABS(total) > before
            """,
            self._get_plain_item_sql(scope),
        )

    def _get_plain_item_sql(self, scope) -> SQL:
        """Open items, each by itself, with what they are netted within (``document_id``)."""
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT line.company_id,
                   partner.commercial_partner_id AS partner_id,
                   line.id AS line_id,
                   line.move_id,
                   line.display_type = 'payment_term' AS is_document,
                   CASE WHEN line.display_type = 'payment_term' THEN line.move_id ELSE line.id END
                       AS document_id,
                   COALESCE(move.payment_state = 'blocked', FALSE) AS is_disputed,
                   %(due_date)s AS due_date,
                   residual.amount - COALESCE(unposted.amount, 0) AS amount
              FROM (%(residual)s) residual
              JOIN account_move_line line ON line.id = residual.line_id
              JOIN res_partner partner ON partner.id = line.partner_id
              LEFT JOIN account_move move
                ON move.id = line.move_id AND line.display_type = 'payment_term'
              -- Read once: joined as it is, it would be computed again for each open item.
              LEFT JOIN (WITH unposted AS MATERIALIZED (%(unposted)s) SELECT * FROM unposted)
                     unposted ON unposted.line_id = line.id
             WHERE residual.amount != COALESCE(unposted.amount, 0)
            """,
            due_date=receivable._get_due_date_sql("line"),
            residual=self._get_residual_sql(scope),
            unposted=self._get_unposted_sql(scope),
        )

    def _get_residual_sql(self, scope) -> SQL:
        receivable = self.env["account.receivable"]
        conditions = SQL(
            """
            line.parent_state = 'posted'
            AND line.account_id IN (%s)
            AND line.partner_id IS NOT NULL
            AND NOT %s
            AND %s
            AND %s
            AND %s
            """,
            receivable._get_trade_account_sql(),
            receivable._get_is_revaluation_sql("line"),
            receivable._get_company_sql(SQL("line.company_id"), scope),
            receivable._get_partner_sql(SQL("line.partner_id"), scope),
            SQL("line.id = ANY(%s)", scope.line_ids) if scope.line_ids else SQL("TRUE"),
        )
        open_now = SQL(
            """
            SELECT line.id AS line_id, line.amount_residual AS amount
              FROM account_move_line line
             WHERE line.reconciled IS NOT TRUE AND line.amount_residual != 0 AND %s
            """,
            conditions,
        )
        if not scope.as_of:
            return open_now
        return SQL(
            """
            SELECT line_id, SUM(amount) AS amount
              FROM (%(open_now)s UNION ALL %(debits)s UNION ALL %(credits)s) part
             WHERE EXISTS (SELECT FROM account_move_line item
                            WHERE item.id = part.line_id AND item.date <= %(as_of)s)
             GROUP BY line_id
            HAVING SUM(amount) != 0
            """,
            open_now=open_now,
            debits=self._get_settled_later_sql(SQL("debit_move_id"), 1, conditions, scope),
            credits=self._get_settled_later_sql(SQL("credit_move_id"), -1, conditions, scope),
            as_of=scope.as_of,
        )

    def _get_settled_later_sql(self, side: SQL, sign: int, conditions: SQL, scope) -> SQL:
        """What was taken off journal items after the day of the scope.

        An exchange difference is dated to the end of its month, but known with its payment.
        """
        return SQL(
            """
            SELECT line.id AS line_id, %(sign)s * partial.amount AS amount
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
            side=side,
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
