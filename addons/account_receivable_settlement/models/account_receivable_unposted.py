from odoo import models
from odoo.tools import SQL

#: How many ids an instalment has for its payments without journal entry.
UNPOSTED_IDS = 2**9


class AccountReceivableUnposted(models.AbstractModel):
    """Payments without a journal entry, which leave no reconciliation yet."""

    _name = "account.receivable.unposted"
    _description = "Receivables Settled Before the Books Know"

    def _get_unposted_sql(self, scope) -> SQL:
        """Settlements by payments without a journal entry.

        A payment goes to its invoices, and an invoice's payments to its instalments, in the order
        of their due dates, up to what is open. A payment in process counts; a paid one only while
        nothing was reconciled with the invoice, for then the money is on the bank statement.
        Same columns as ``account.receivable.settlement._get_settlement_sql``.

        It begins with the payments and reads everything once: often there are none, and time must
        not grow with instalments times payments.
        """
        receivable = self.env["account.receivable"]
        conditions = [
            SQL("LEAST(paid.upto, line.upto) > GREATEST(paid.upto - paid.amount, line.since)"),
        ]
        if line_ids := receivable._get_line_ids_sql(scope):
            conditions.append(SQL("line.id = ANY(%s)", line_ids))
        if scope.since:
            conditions.append(SQL("GREATEST(line.invoice_date, paid.date) > %s::date", scope.since))
        return SQL(
            """
            SELECT settled.*
              FROM (
                WITH payment AS MATERIALIZED (%(payment)s),
                     item AS MATERIALIZED (%(item)s)
                SELECT -(line.id::bigint * %(ids)s + paid.number) AS id,
                       line.company_id,
                       line.partner_id,
                       line.id AS line_id,
                       line.move_id,
                       line.parent_state,
                       NULL::int AS counterpart_line_id,
                       NULL::int AS cause_line_id,
                       'payment' AS kind,
                       'payment' AS settled_as,
                       paid.sign * (LEAST(paid.upto, line.upto)
                           - GREATEST(paid.upto - paid.amount, line.since)) AS amount,
                       line.invoice_date,
                       %(due_date)s AS due_date,
                       GREATEST(line.invoice_date, paid.date) AS settlement_date,
                       FALSE AS is_mirror
                  FROM (%(paid)s) paid
                 -- Document by document, by its index: the planner expects hardly any payment, and
                 -- would go through the instalments of all for each.
                 CROSS JOIN LATERAL (
                    SELECT line.*,
                           SUM(ABS(amount_residual)) OVER due AS upto,
                           SUM(ABS(amount_residual)) OVER due - ABS(amount_residual) AS since
                      FROM account_move_line line
                     WHERE line.move_id = paid.invoice_id
                       AND line.display_type = 'payment_term'
                       AND line.account_id IN (%(trade)s)
                       AND line.partner_id IS NOT NULL
                    WINDOW due AS (ORDER BY COALESCE(line.date_maturity, line.date), line.id)
                       ) line
                 WHERE %(conditions)s
                   ) settled
            """,
            ids=UNPOSTED_IDS,
            payment=self._get_payment_sql(scope),
            item=self._get_item_sql(),
            paid=self._get_paid_sql(),
            trade=receivable._get_trade_account_sql(),
            due_date=receivable._get_due_date_sql("line"),
            conditions=SQL(" AND ").join(conditions),
        )

    def _get_payment_sql(self, scope) -> SQL:
        """The payments without journal entry that go to documents of the scope."""
        line_ids = self.env["account.receivable"]._get_line_ids_sql(scope)
        return SQL(
            """
            SELECT payment.id, payment.date, payment.state, payment.payment_type,
                   payment.currency_id, payment.amount, payment.amount_company_currency_signed
              FROM account_payment payment
             WHERE payment.move_id IS NULL
               AND payment.state IN ('in_process', 'paid')
               AND %s
            """,
            SQL(
                """
                payment.id IN (
                    SELECT link.payment_id
                      FROM account_move_line line
                      JOIN account_move__account_payment link ON link.invoice_id = line.move_id
                     WHERE line.id = ANY(%s) AND line.amount_residual != 0)
                """,
                line_ids,
            )
            if line_ids
            else SQL("TRUE"),
        )

    def _get_item_sql(self) -> SQL:
        """The instalments of all documents that these payments go to, open or not."""
        return SQL(
            """
            SELECT line.id, line.move_id, line.company_id, line.company_currency_id,
                   line.currency_id, line.partner_id, line.parent_state, line.invoice_date,
                   line.date_maturity, line.date, line.amount_residual,
                   line.amount_residual_currency,
                   EXISTS (SELECT FROM account_partial_reconcile
                            WHERE line.id = debit_move_id)
                   OR EXISTS (SELECT FROM account_partial_reconcile
                               WHERE line.id = credit_move_id) AS is_reconciled
              FROM (
                SELECT DISTINCT link.invoice_id
                  FROM payment
                  JOIN account_move__account_payment link ON link.payment_id = payment.id
                   ) paid
             -- Document by document, by its index, as below.
             CROSS JOIN LATERAL (
                SELECT * FROM account_move_line
                 WHERE move_id = paid.invoice_id AND display_type = 'payment_term'
                OFFSET 0
                   ) line
             WHERE line.account_id IN (%s)
            """,
            self.env["account.receivable"]._get_trade_account_sql(),
        )

    def _get_paid_sql(self) -> SQL:
        """What each payment pays of each of its documents, with the document's running total.

        A payment goes to its documents in turn. What one leaves of it is reckoned in the payment's
        currency (``owed``), for the documents may have been issued at several rates.
        """
        return SQL(
            """
            SELECT share.*,
                   ROW_NUMBER() OVER running AS number,
                   SUM(share.amount) OVER running AS upto
              FROM (
                SELECT owing.payment_id AS id, owing.date, owing.invoice_id, owing.sign,
                       LEAST(owing.residual, ROUND(
                           GREATEST(0, owing.available - COALESCE(SUM(owing.owed) OVER (
                                PARTITION BY owing.payment_id
                                ORDER BY owing.invoice_date_due, owing.invoice_id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))
                           * owing.residual / owing.owed,
                           owing.decimal_places)) AS amount
                  FROM (
                    SELECT payment.id AS payment_id, payment.date, payment.state,
                           payment.payment_type, payment.amount AS available,
                           invoice.id AS invoice_id, invoice.invoice_date_due,
                           document.sign, document.residual, document.decimal_places,
                           document.is_reconciled,
                           CASE WHEN document.currency_id = payment.currency_id
                                 AND document.residual_currency != 0
                                THEN document.residual_currency
                                ELSE document.residual * payment.amount
                                     / NULLIF(ABS(payment.amount_company_currency_signed), 0)
                           END AS owed
                      FROM payment
                      JOIN account_move__account_payment link ON link.payment_id = payment.id
                      JOIN account_move invoice ON invoice.id = link.invoice_id
                      JOIN (
                        SELECT item.move_id,
                               ABS(SUM(item.amount_residual)) AS residual,
                               SIGN(SUM(item.amount_residual)) AS sign,
                               ABS(SUM(item.amount_residual_currency)) AS residual_currency,
                               MAX(item.currency_id) AS currency_id,
                               MAX(currency.decimal_places) AS decimal_places,
                               BOOL_OR(item.is_reconciled) AS is_reconciled
                          FROM item
                          JOIN res_currency currency ON currency.id = item.company_currency_id
                         GROUP BY item.move_id
                           ) document ON document.move_id = invoice.id
                  ) owing
                 WHERE COALESCE((owing.state = 'in_process' OR NOT owing.is_reconciled)
                                AND owing.owed > 0
                                AND (owing.sign > 0) = (owing.payment_type = 'inbound'), FALSE)
              ) share
             WHERE COALESCE(share.amount > 0, FALSE)
            WINDOW running AS (PARTITION BY share.invoice_id ORDER BY share.date, share.id)
            """
        )
