from odoo import models
from odoo.tools import SQL


class AccountReceivableReading(models.AbstractModel):
    """How the entry that settles a receivable is read: as money, as a loss, as what else.

    SQL for :meth:`account.receivable.settlement._get_settlement_sql`, whose aliases it uses:
    ``line`` (the instalment), ``counterpart``, ``partial``.
    """

    _name = "account.receivable.reading"
    _description = "How Settling Entries Are Read"

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
            trade=self.env["account.receivable"]._get_trade_account_sql(),
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
            sides=self.env["account.receivable.settlement"]._get_partial_side_sql(),
        )
