from odoo import models
from odoo.tools import SQL


class AccountReceivableUnposted(models.AbstractModel):
    """Payments without a journal entry, which leave no reconciliation yet."""

    _name = "account.receivable.unposted"
    _description = "Receivables Settled Before the Books Know"

    def _get_unposted_sql(self, scope) -> SQL:
        """Settlements by payments without a journal entry, which leave no reconciliation yet.

        A payment goes to its invoices, and an invoice's payments to its instalments, in the order
        of their due dates, up to what is open. A payment in process counts; a paid one only while
        nothing was reconciled with the invoice, for then the money is on the bank statement.
        Same columns as ``account.receivable.settlement._get_settlement_sql``.
        """
        receivable = self.env["account.receivable"]
        conditions = []
        if line_ids := receivable._get_line_ids_sql(scope):
            conditions.append(SQL("line.id = ANY(%s)", line_ids))
        if scope.since:
            conditions.append(
                SQL("GREATEST(line.invoice_date, payment.date) > %s::date", scope.since)
            )
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
               AND %(conditions)s
            """,
            due_date=receivable._get_due_date_sql("line"),
            payments=self._get_amount_sql(),
            conditions=SQL(" AND ").join(conditions) if conditions else SQL("TRUE"),
        )

    def _get_amount_sql(self) -> SQL:
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
