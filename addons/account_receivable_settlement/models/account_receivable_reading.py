from odoo import models
from odoo.tools import SQL

#: What an account's mark says a receivable is settled as.
KIND_BY_MARK = {
    "money": "payment",
    "cost": "payment",
    "loss": "write_off",
    "owed": "owed",
    "not_judged": "cleared",
}

#: What the reading of an entry asks of the journal item that settles.
SETTLING_COLUMNS = (
    "id",
    "move_id",
    "balance",
    "currency_id",
    "company_currency_id",
    "partner_id",
    "date",
    "display_type",
)


class AccountReceivableReading(models.AbstractModel):
    """How the entry that settles a receivable is read, line by line, by what it books.

    Of the entry the lines opposite to the settling journal item are read, in proportion to their
    amounts; each by the first that holds:

    1. the account's own mark, set by Accounting, or proposed and not answered yet;
    2. the company's accounts of exchange differences and of early discounts;
    3. income and expenses are a loss, with the taxes of these lines;
    4. a receivable of the same customer, other than the point of sale's, is **still owed**;
    5. equity and off-balance accounts clear it, which says nothing of how the customer pays;
    6. anything else is money: bank, clearing accounts, taxes withheld, advances, somebody else who
       takes over the debt.

    An entry of several customers is read customer by customer: what is booked on one of them, and
    for the rest what is booked on none of them.

    All of it is SQL. ``settling`` is always the alias of the settling journal item, with the
    columns of :meth:`_get_settling_sql`.
    """

    _name = "account.receivable.reading"
    _description = "How Settling Entries Are Read"

    # Accounts -------------------------------------------------------------------------------------

    def _get_special_account_sql(self) -> SQL:
        """Accounts that may be read as anything else than money, whoever it is booked on: all but
        receivables.
        """
        return SQL(
            """
            SELECT account.id
              FROM account_account account
             WHERE CASE WHEN %(mark)s IS NOT NULL THEN %(mark)s NOT IN ('money', 'cost')
                        ELSE %(is_result)s
                          OR account.account_type IN (
                                'equity', 'equity_unaffected', 'off_balance')
                          OR account.id IN (
                                SELECT UNNEST(ARRAY[
                                    income_currency_exchange_account_id,
                                    expense_currency_exchange_account_id,
                                    account_journal_early_pay_discount_loss_account_id,
                                    account_journal_early_pay_discount_gain_account_id])
                                  FROM res_company)
                   END
            """,
            mark=self.env["account.receivable"]._get_mark_sql("account"),
            is_result=self._get_is_result_sql("account"),
        )

    def _get_point_of_sale_account_sql(self) -> SQL:
        """Hook: receivable accounts on which the point of sale's money waits for the bank."""
        accounts = SQL(
            """
            SELECT account_default_pos_receivable_account_id
              FROM res_company
             WHERE account_default_pos_receivable_account_id IS NOT NULL
            """
        )
        if "pos.payment.method" not in self.env:
            return accounts
        return SQL(
            """
            %s UNION ALL
            SELECT receivable_account_id FROM pos_payment_method
             WHERE receivable_account_id IS NOT NULL
            """,
            accounts,
        )

    def _get_is_result_sql(self, account: str) -> SQL:
        """Whether an account is one of income or expenses."""
        return SQL(
            "split_part(%s, '_', 1) IN ('income', 'expense')",
            SQL.identifier(account, "account_type"),
        )

    def _get_named_kind_sql(self, line: str, account: str) -> SQL:
        """What somebody said of a line's account: its mark, or what the company uses it for."""
        return SQL(
            """
            CASE WHEN %(mark)s IS NOT NULL THEN CASE %(mark)s %(kinds)s END
                 ELSE (SELECT CASE
                                WHEN %(id)s IN (
                                    company.income_currency_exchange_account_id,
                                    company.expense_currency_exchange_account_id)
                                THEN 'exchange'
                                WHEN %(id)s IN (
                                    company.account_journal_early_pay_discount_loss_account_id,
                                    company.account_journal_early_pay_discount_gain_account_id)
                                THEN 'discount'
                              END
                         FROM res_company company
                        WHERE company.id = %(company)s)
            END
            """,
            mark=self.env["account.receivable"]._get_mark_sql(account),
            kinds=SQL(" ").join(
                SQL("WHEN %s THEN %s", reading, kind) for reading, kind in KIND_BY_MARK.items()
            ),
            id=SQL.identifier(account, "id"),
            company=SQL.identifier(line, "company_id"),
        )

    # Entries --------------------------------------------------------------------------------------

    def _get_settling_sql(self, line: str) -> SQL:
        """The columns of a journal item that the reading of its entry asks for."""
        return SQL(", ").join(SQL.identifier(line, column) for column in SETTLING_COLUMNS)

    def _get_is_special_sql(self, settling: str = "settling") -> SQL:
        """1 if the entry may be anything but money: it books something on a special account.

        Seldom. Comparing with 1 tells the planner so.
        """
        return SQL(
            """
            EXISTS (
                SELECT FROM account_move_line item
                 WHERE item.move_id = %(move)s
                   AND CASE WHEN item.balance * %(balance)s < 0
                             AND (item.account_id IN (%(special)s)
                                  OR item.account_id IN (%(trade)s)) THEN 1 END = 1)
            """,
            move=SQL.identifier(settling, "move_id"),
            balance=SQL.identifier(settling, "balance"),
            special=self._get_special_account_sql(),
            trade=self.env["account.receivable"]._get_trade_account_sql(),
        )

    def _get_read_line_sql(self, condition: SQL) -> SQL:
        """The lines of the entry that say what ``settling`` is, with their weights.

        Columns: ``id``, ``balance`` (positive), ``kind`` (of the settlement, or ``owed``),
        ``weight`` (in company currency; all weights are what the customer's journal items like
        ``settling`` amount to), ``shift`` (where on the line its weight begins, if several
        customers share it), ``settled`` (what they amount to), ``ahead`` (how much of it stands
        before ``settling``), ``decimal_places``.

        :param condition: whether to read anything.
        """
        return SQL(
            """
            SELECT item.id, %(kind)s AS kind, ABS(item.balance) AS balance, item.weight,
                   item.shift, item.settled, item.ahead,
                   (SELECT decimal_places FROM res_currency
                     WHERE res_currency.id = settling.company_currency_id) AS decimal_places
              FROM (
                SELECT *,
                       CASE WHEN NOT is_several THEN amount * settled / total
                            WHEN is_own THEN amount * LEAST(1, settled / own)
                            WHEN free IS NULL THEN amount * GREATEST(settled - own, 0) / others
                            WHEN is_customer THEN 0
                            ELSE amount * GREATEST(settled - own, 0) / free
                       END AS weight,
                       CASE WHEN is_several AND NOT is_own AND NOT is_customer
                            THEN amount * GREATEST(before, 0) / free ELSE 0
                       END AS shift
                  FROM (
                    SELECT *,
                           SUM(size) FILTER (WHERE is_peer AND is_own) OVER () AS settled,
                           COALESCE(SUM(size) FILTER (WHERE is_before) OVER (), 0) AS ahead,
                           SUM(amount) FILTER (WHERE is_opposite) OVER () AS total,
                           COALESCE(SUM(amount) FILTER (WHERE is_opposite AND is_own) OVER (), 0)
                               AS own,
                           SUM(amount) FILTER (WHERE is_opposite AND NOT is_own) OVER ()
                               AS others,
                           SUM(amount) FILTER (WHERE is_opposite AND NOT is_customer) OVER ()
                               AS free,
                           SUM(CASE WHEN is_peer THEN amount WHEN is_opposite THEN -amount END)
                               FILTER (WHERE is_customer AND customer_id < own_id) OVER ()
                               AS before
                      FROM (
                        SELECT item.id, item.move_id, item.company_id, item.account_id,
                               item.balance, item.tax_line_id, item.group_tax_id,
                               item.invoice_date, item.payment_id, item.statement_line_id,
                               role.*,
                               ABS(item.balance) AS size,
                               CASE WHEN %(is_rate_apart)s THEN ABS(item.amount_currency)
                                    ELSE ABS(item.balance) END AS amount,
                               role.is_peer AND role.is_own AND item.id < settling.id
                                   AS is_before,
                               BOOL_OR(role.is_peer) OVER (PARTITION BY role.customer_id)
                                   AS is_customer,
                               BOOL_OR(role.is_peer AND NOT role.is_own) OVER () AS is_several
                          FROM account_move_line item
                         CROSS JOIN LATERAL (%(role)s) role
                         WHERE item.move_id = settling.move_id AND item.balance != 0
                           AND %(condition)s
                           ) item
                       ) item
                 WHERE is_opposite
                   ) item
              JOIN account_account account ON account.id = item.account_id
             CROSS JOIN LATERAL (SELECT item.is_own, item.own_id) role
             WHERE item.weight != 0
            """,
            condition=condition,
            is_rate_apart=self._get_is_rate_apart_sql(),
            kind=self._get_kind_sql(),
            role=self._get_role_sql(),
        )

    def _get_is_rate_apart_sql(self) -> SQL:
        """Whether the entry, all of it in the currency of ``settling``, books a difference of rates
        on a line of its own. A discount then is at the invoice's rate and money at the payment's:
        they are compared in their currency.
        """
        return SQL(
            """
            (settling.currency_id != settling.company_currency_id
             AND BOOL_AND(item.currency_id = settling.currency_id) OVER ()
             AND BOOL_OR(item.amount_currency = 0) OVER ()
             AND BOOL_OR(role.is_opposite AND item.amount_currency != 0) OVER ()
             AND NOT BOOL_OR(role.is_peer AND NOT role.is_own) OVER ())
            """
        )

    def _get_role_sql(self) -> SQL:
        """Whose ``item`` is, compared with ``settling``, and on which side it stands."""
        return SQL(
            """
            SELECT partner.customer_id, partner.own_id,
                   partner.customer_id = partner.own_id AS is_own,
                   item.balance * settling.balance > 0
                       AND item.account_id = ANY(ARRAY(%s)) AS is_peer,
                   item.balance * settling.balance < 0 AS is_opposite
              FROM (
                SELECT COALESCE((SELECT commercial_partner_id FROM res_partner
                                  WHERE id = item.partner_id), 0) AS customer_id,
                       COALESCE((SELECT commercial_partner_id FROM res_partner
                                  WHERE id = settling.partner_id), 0) AS own_id
                OFFSET 0
                   ) partner
            """,
            self.env["account.receivable"]._get_claim_account_sql(),
        )

    def _get_kind_sql(self) -> SQL:
        """What a line of the entry says that the instalment was settled as."""
        return SQL(
            """
            COALESCE(
                %(named)s,
                CASE WHEN item.tax_line_id IS NOT NULL THEN (
                        -- Of a discount and a loss with the same tax it goes with the discount.
                        SELECT MIN(based.kind)
                          FROM account_move_line base
                          JOIN account_account base_account ON base_account.id = base.account_id
                          JOIN account_move_line_account_tax_rel taxed
                            ON taxed.account_move_line_id = base.id
                           AND taxed.account_tax_id IN (item.tax_line_id, item.group_tax_id)
                         CROSS JOIN LATERAL (
                            SELECT COALESCE(%(named_base)s,
                                            CASE WHEN %(is_base_result)s THEN 'write_off' END)
                                   AS kind
                               ) based
                         WHERE base.move_id = item.move_id
                           AND based.kind IN ('write_off', 'discount'))
                END,
                CASE WHEN %(is_result)s THEN 'write_off'
                     WHEN account.account_type = 'asset_receivable'
                      AND NOT COALESCE(account.non_trade, FALSE)
                      AND role.is_own AND role.own_id != 0
                      -- What a payment leaves for the customer is no claim; nor is a document.
                      AND item.invoice_date IS NULL
                      AND (item.balance > 0
                           OR item.payment_id IS NULL AND item.statement_line_id IS NULL)
                      AND account.id NOT IN (%(point_of_sale)s) THEN 'owed'
                     WHEN account.account_type IN ('equity', 'equity_unaffected', 'off_balance')
                     THEN 'cleared'
                     ELSE 'payment'
                END)
            """,
            named=self._get_named_kind_sql("item", "account"),
            named_base=self._get_named_kind_sql("base", "base_account"),
            is_result=self._get_is_result_sql("account"),
            is_base_result=self._get_is_result_sql("base_account"),
            point_of_sale=self._get_point_of_sale_account_sql(),
        )

    def _get_reading_sql(self, condition: SQL) -> SQL:
        """The entry in one row: what the customer's journal items like ``settling`` amount to
        (``settled``), how much stands before it (``ahead``), and the weights of what it is read
        as; NULL if nothing was read.

        :param condition: whether to read anything.
        """
        return SQL(
            """
            SELECT MAX(settled) AS settled, MAX(ahead) AS ahead,
                   MAX(decimal_places) AS decimal_places,
                   %(weights)s
              FROM (%(lines)s) read_line
            """,
            lines=self._get_read_line_sql(condition),
            weights=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(weight) FILTER (WHERE kind = %s), 0) AS %s",
                    kind,
                    SQL.identifier(name),
                )
                for kind, name in {
                    "owed": "owed",
                    "write_off": "loss",
                    "discount": "discount",
                    "exchange": "exchange",
                    "cleared": "cleared",
                    "payment": "paid",
                }.items()
            ),
        )

    def _round(self, amount: SQL, decimal_places: SQL) -> SQL:
        """Round to the currency. A quotient may lack its last digit: half a cent stays one."""
        return SQL("ROUND(ROUND(%s, 12), %s)", amount, decimal_places)

    # Parts of a partial reconciliation ------------------------------------------------------------

    def _get_is_examined_sql(self) -> SQL:
        """Whether the entry of ``counterpart`` has to be looked at. Nearly all are all money or all
        credit note: of a payment or a bank statement, with nothing special in them.

        It speaks of the entry's items alone, so that they are looked for once and not for each
        counterpart.
        """
        return SQL(
            """
            EXISTS (
                SELECT FROM account_move_line item
                 WHERE item.move_id = counterpart.move_id AND %s)
            """,
            self._get_is_telling_sql(),
        )

    def _get_examined_move_sql(self) -> SQL:
        """``SELECT move_id`` of all entries that have to be looked at, of which there are few. Of
        all companies: what a company is owed may be settled with an entry of its branch.
        """
        return SQL(
            "SELECT DISTINCT item.move_id FROM account_move_line item WHERE %s",
            self._get_is_telling_sql(),
        )

    def _get_is_telling_sql(self) -> SQL:
        """Whether ``item`` says that its entry has to be looked at. Comparing with 1 tells the
        planner that such items are few.
        """
        return SQL(
            """
            CASE WHEN item.payment_id IS NOT NULL OR item.statement_line_id IS NOT NULL
                 THEN CASE WHEN item.account_id IN (%(special)s)
                             OR item.balance > 0 AND item.account_id IN (%(trade)s)
                           THEN 1 END
                 WHEN item.display_type != 'payment_term'
                  AND item.account_id IN (%(trade)s) THEN 1
            END = 1
            """,
            special=self._get_special_account_sql(),
            trade=self.env["account.receivable"]._get_trade_account_sql(),
        )

    def _get_plain_part_sql(self) -> SQL:
        """A partial reconciliation that is all money or all credit note."""
        return SQL(
            """
            SELECT 0 AS number, settled.kind, settled.kind AS settled_as, piece.amount,
                   piece.counterpart_id AS cause_line_id, piece.counterpart_date AS date
              FROM (SELECT CASE WHEN piece.counterpart_display_type = 'payment_term'
                                THEN 'credit_note' ELSE 'payment' END AS kind) settled
            """
        )

    def _get_part_sql(self) -> SQL:
        """What a piece of a partial reconciliation consists of: the amount, split by the weights
        that the settling entry is read with.

        It reads ``piece``, with the columns of
        :meth:`account.receivable.settlement._get_piece_columns_sql`. Columns: ``number`` (below 8),
        ``kind``, ``settled_as``, ``amount``, ``cause_line_id``, ``date``. What is still owed is no
        part.

        What an exchange difference settles is split like its cause: a discount or a write-off is
        one at the invoice's own rate, too.
        """
        return SQL(
            """
            SELECT part.number, part.kind, part.settled_as, part.amount,
                   settling.id AS cause_line_id, settling.date
              FROM (SELECT) nothing
              LEFT JOIN LATERAL (%(cause)s) cause ON TRUE
             CROSS JOIN LATERAL (%(settling)s) settling
             CROSS JOIN LATERAL (
                SELECT settling.display_type != 'payment_term' AND %(is_special)s AS value
                OFFSET 0
                   ) special
             CROSS JOIN LATERAL (%(reading)s) reading
             CROSS JOIN LATERAL (
                SELECT CASE WHEN settling.is_exchange THEN 4 ELSE 0 END AS number,
                       CASE WHEN settling.is_exchange THEN 'exchange' ELSE settled.kind END AS kind,
                       settled.kind AS settled_as, piece.amount
                  FROM (SELECT CASE WHEN settling.display_type = 'payment_term' THEN 'credit_note'
                                    ELSE 'payment' END AS kind) settled
                 WHERE reading.settled IS NULL
                 UNION ALL
                SELECT number, kind, settled_as, amount
                  FROM (%(split)s) split
                 WHERE number < 8 AND amount != 0
                   ) part
            """,
            cause=self._get_exchange_cause_sql(),
            settling=self._get_settled_by_sql(),
            # Where nothing is special, nothing is read.
            reading=self._get_reading_sql(SQL("special.value")),
            is_special=self._get_is_special_sql(),
            split=self._get_split_sql(),
        )

    def _get_exchange_cause_sql(self) -> SQL:
        """For a counterpart in an exchange difference entry: the settlement that caused it.

        A reconciliation notes the exchange entry that it brought about. Preferably the one of the
        same instalment: an exchange difference stays with the invoice that it belongs to.
        """
        return SQL(
            """
            SELECT %(columns)s
              FROM account_partial_reconcile causing
              JOIN account_move_line cause_line
                ON cause_line.id = CASE WHEN causing.debit_move_id = piece.line_id
                                          OR (causing.credit_move_id != piece.line_id
                                              AND piece.sign = 1)
                                        THEN causing.credit_move_id
                                        ELSE causing.debit_move_id END
             WHERE causing.exchange_move_id = piece.counterpart_move_id
               AND piece.is_entry
             ORDER BY piece.line_id IN (causing.debit_move_id, causing.credit_move_id) DESC,
                      causing.id
             LIMIT 1
            """,
            columns=self._get_settling_sql("cause_line"),
        )

    def _get_settled_by_sql(self) -> SQL:
        """What settles: the cause of an exchange difference, else the counterpart."""
        return SQL(
            "SELECT cause.id IS NOT NULL AS is_exchange, %s OFFSET 0",
            SQL(", ").join(
                SQL(
                    "CASE WHEN cause.id IS NULL THEN piece.%s ELSE cause.%s END AS %s",
                    SQL.identifier(f"counterpart_{column}"),
                    SQL.identifier(column),
                    SQL.identifier(column),
                )
                for column in SETTLING_COLUMNS
            ),
        )

    def _get_split_sql(self) -> SQL:
        """The amount of ``piece``, split by the weights of ``reading``, to the cent.

        Rounding runs through the customer's part of the entry, from piece to piece, and through the
        kinds: all shares of a piece add up to it, and the shares of all pieces to those of the
        entry.
        """
        return SQL(
            """
            SELECT number, kind, settled_as, %(end)s - %(start)s AS amount
              FROM (
                SELECT weighed.*, point.x,
                       SUM(weight) OVER running AS upto,
                       SUM(weight) OVER () AS total
                  FROM (SELECT CASE WHEN settling.is_exchange THEN 0 ELSE %(ahead)s END AS x
                        OFFSET 0) point
                 CROSS JOIN (
                    SELECT CASE WHEN settling.is_exchange THEN 0 ELSE 1 END AS direct,
                           CASE WHEN settling.is_exchange THEN 1 ELSE reading.exchange END
                               AS exchange,
                           NULLIF(reading.loss + reading.discount + reading.cleared
                                  + reading.paid, 0) AS judged,
                           reading.loss - taken.amount AS loss,
                           reading.discount + taken.amount AS discount
                      FROM (
                        -- What a payment in time for a discount lacks is one.
                        SELECT CASE WHEN reading.paid > 0
                                     AND settling.date <= piece.discount_date
                                    THEN reading.loss ELSE 0 END AS amount
                           ) taken
                    OFFSET 0
                       ) factor
                 CROSS JOIN LATERAL (
                    VALUES
                        (8, 'owed', 'owed', direct * reading.owed),
                        (1, 'write_off', 'write_off', direct * loss),
                        (2, 'discount', 'discount', direct * discount),
                        (3, 'cleared', 'cleared', direct * reading.cleared),
                        (4, 'exchange', 'payment', exchange * reading.paid / judged),
                        (5, 'exchange', 'write_off', exchange * loss / judged),
                        (6, 'exchange', 'discount', exchange * discount / judged),
                        -- A difference of nothing, or of what is still owed, says nothing.
                        (7, 'exchange', 'cleared',
                         COALESCE(exchange * reading.cleared / judged, exchange)),
                        (0, 'payment', 'payment', direct * reading.paid)
                       ) weighed (number, kind, settled_as, weight)
                 WHERE weight != 0 AND reading.settled IS NOT NULL
                WINDOW running AS (ORDER BY number = 8 DESC, number DESC)
                   ) share
            """,
            ahead=self._get_ahead_sql(),
            start=self._get_share_sql(SQL("x")),
            end=self._get_share_sql(SQL("(x + piece.amount)")),
        )

    def _get_share_sql(self, x: SQL) -> SQL:
        """What of an amount, counted from the beginning of the entry, is of one kind."""
        return SQL(
            "(%s - %s)",
            self._round(SQL("%s * upto / total", x), SQL("reading.decimal_places")),
            self._round(SQL("%s * (upto - weight) / total", x), SQL("reading.decimal_places")),
        )

    def _get_ahead_sql(self) -> SQL:
        """Where in its customer's part of the entry ``piece`` begins: after the journal items
        before the counterpart and what this had settled before.
        """
        return SQL(
            """
            (reading.ahead + piece.skipped + (
                SELECT COALESCE(SUM(earlier.amount), 0)
                  FROM (%s) earlier
                 WHERE earlier.sign = piece.sign
                   AND earlier.counterpart_id = piece.counterpart_id
                   AND earlier.id < piece.partial_id))
            """,
            self._get_side_sql(),
        )

    def _get_side_sql(self) -> SQL:
        """Partial reconciliations, seen from their debit side and from their credit side."""
        return SQL(
            """
            SELECT id, amount, max_date, 1 AS sign,
                   debit_move_id AS line_id, credit_move_id AS counterpart_id
              FROM account_partial_reconcile
             UNION ALL
            SELECT id, amount, max_date, -1, credit_move_id, debit_move_id
              FROM account_partial_reconcile
            """
        )
