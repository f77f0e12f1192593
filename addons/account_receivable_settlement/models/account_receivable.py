from odoo import models
from odoo.tools import SQL

#: Of more journal items it takes longer to look them up than to plan for whatever they are.
FEW_LINES = 100
#: More entries than these are better looked for where they are asked for.
MANY_MOVES = 200_000


class AccountReceivable(models.AbstractModel):
    """Words that everything about receivables is said with, each defined once, as SQL.

    ``line`` is always an alias of ``account_move_line``.
    """

    _name = "account.receivable"
    _description = "Receivables"

    def _get_sources(self) -> dict[str, list[str]]:
        """Hook: the stored fields that relations of receivables read, by model."""
        return {
            **self.env["account.receivable.settlement"]._depends,
            "account.move": [
                "amount_total_signed",
                "amount_untaxed_signed",
                "commercial_partner_id",
                "company_id",
                "date",
                "invoice_date",
                "move_type",
                "payment_state",
                "state",
            ],
            "res.company": [
                *self.env["account.receivable.settlement"]._depends["res.company"],
                "partner_id",
            ],
            "res.partner": ["commercial_partner_id"],
        }

    def _flush(self):
        """Write what relations read, so that SQL sees what the transaction did."""
        for model, field_names in self._get_sources().items():
            self.env[model].flush_model(field_names)

    def _get_due_date_sql(self, line: str) -> SQL:
        """When a receivable journal item is due: on its due date, an entry without one on its own
        date; a due date before the invoice date counts as the invoice date.
        """
        return SQL(
            "GREATEST(COALESCE(%s, %s), %s)",
            SQL.identifier(line, "date_maturity"),
            SQL.identifier(line, "date"),
            SQL.identifier(line, "invoice_date"),
        )

    def _get_is_overdue_sql(self, item: str, today: SQL) -> SQL:
        """Whether an open item is overdue: owed to the company, past its due date and not disputed.

        :param item: the alias of a row of ``account.receivable.item``.
        """
        return SQL(
            "(%(item)s.amount > 0 AND NOT %(item)s.is_disputed AND %(item)s.due_date < %(today)s)",
            item=SQL.identifier(item),
            today=today,
        )

    def _get_trade_account_sql(self) -> SQL:
        """Accounts of what customers owe for goods and services."""
        return SQL(
            """
            SELECT id FROM account_account
             WHERE account_type = 'asset_receivable' AND NOT COALESCE(non_trade, FALSE)
            """
        )

    def _get_is_revaluation_sql(self, line: str) -> SQL:
        """Whether what is open on a journal item only values another currency anew: a revaluation,
        or what a rate left of an instalment that is paid in its own currency. Nobody owes it.
        """
        return SQL(
            "(%(currency)s != %(company_currency)s AND %(residual_currency)s = 0)",
            currency=SQL.identifier(line, "currency_id"),
            company_currency=SQL.identifier(line, "company_currency_id"),
            residual_currency=SQL.identifier(line, "amount_residual_currency"),
        )

    def _get_mark_sql(self, account: str) -> SQL:
        """How Accounting wants an account to be read that settles receivables; NULL without a mark.

        What is proposed and not answered yet counts as still owed, never as paid: the worst debtor
        must not become the best payer before anybody has looked.
        """
        return SQL(
            "COALESCE(%s, CASE WHEN %s IS NOT NULL THEN 'owed' END)",
            SQL.identifier(account, "receivable_reading"),
            SQL.identifier(account, "receivable_proposal"),
        )

    def _get_owed_account_sql(self) -> SQL:
        """Accounts, of whatever kind, on which a claim is still owed: bills, doubtful claims."""
        return SQL(
            "SELECT account.id FROM account_account account WHERE %s = 'owed'",
            self._get_mark_sql("account"),
        )

    def _get_claim_account_sql(self) -> SQL:
        """Accounts on which a claim on a customer may stand."""
        return SQL(
            """
            SELECT account.id FROM account_account account
             WHERE %s = 'owed'
                OR account.account_type = 'asset_receivable'
                   AND NOT COALESCE(account.non_trade, FALSE)
            """,
            self._get_mark_sql("account"),
        )

    def _get_company_sql(self, column: SQL, scope) -> SQL:
        """Restrict a company to those of the scope."""
        if scope.companies is None:
            return SQL("TRUE")
        return SQL("%s = ANY(%s)", column, list(scope.companies.ids))

    def _get_partner_sql(self, column: SQL, scope) -> SQL:
        """Restrict the partner of a journal item to the customers of the scope.

        Contacts are among them for entries of a time when they were no contacts of the customer.
        """
        if scope.partners is None:
            return SQL("TRUE")
        return SQL(
            "%s = ANY(ARRAY(SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s)))",
            column,
            list(scope.partners.ids),
        )

    def _get_line_ids_sql(self, scope) -> SQL | None:
        """The instalments of the scope as an SQL array, or ``None`` for all."""
        if scope.line_ids or scope.partners is None:
            return scope.line_ids
        return SQL(
            """
            ARRAY(SELECT line.id
                    FROM account_move_line line
                   WHERE line.display_type = 'payment_term' AND %s)
            """,
            self._get_partner_sql(SQL("line.partner_id"), scope),
        )

    def _look_up_examined(self, scope):
        """Find out which entries of whole books have to be looked at to know what they settle:
        nearly all are plain money and credit notes. Then nobody goes through the books twice for
        them. What is read has to be flushed.

        :return: the same scope, which says so.
        """
        move_ids = [
            move_id
            for [move_id] in self.env.execute_query(
                SQL(
                    "%s LIMIT %s",
                    self.env["account.receivable.reading"]._get_examined_move_sql(),
                    MANY_MOVES,
                )
            )
        ]
        if len(move_ids) == MANY_MOVES:
            return scope
        return scope.but(examined_move_ids=SQL("%s::int[]", sorted(move_ids)))

    def _look_up(self, scope):
        """Find out what the instalments or customers of a scope have none of, if they are few.

        PostgreSQL plans longer than it reads the books of one customer, and what few customers
        have is most of what there is to plan: ``special`` entries (settled by anything but plain
        money and credit notes), what was ``moved`` to another journal item, and ``unposted``
        payments. What is read has to be flushed.

        :return: the same scope, which says so.
        """
        reading = self.env["account.receivable.reading"]
        transfer = self.env["account.receivable.transfer"]
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH line AS MATERIALIZED (
                    SELECT id, move_id, invoice_date, balance, payment_id, statement_line_id
                      FROM account_move_line line
                     WHERE %(lines)s AND line.account_id = ANY(ARRAY(%(trade)s))
                ), entry AS MATERIALIZED (
                    SELECT %(is_examined)s AS is_examined, %(is_moving)s AS is_moving
                      FROM (
                        SELECT DISTINCT settling.move_id, settling.balance
                          FROM line
                         CROSS JOIN LATERAL (
                            SELECT item.move_id, SIGN(item.balance) AS balance
                              FROM (%(sides)s) side
                              JOIN account_move_line item ON item.id = side.counterpart_id
                             WHERE side.line_id = line.id
                            OFFSET 0) settling
                         WHERE (SELECT COUNT(*) FROM line) <= %(few)s
                        OFFSET 0
                           ) counterpart
                )
                SELECT EXISTS (SELECT FROM entry WHERE is_examined) AS special,
                       EXISTS (SELECT FROM entry WHERE is_moving)
                           OR EXISTS (%(targets)s) AS moved,
                       EXISTS (
                           SELECT FROM line
                             JOIN account_move__account_payment link
                               ON link.invoice_id = line.move_id
                             JOIN account_payment payment ON payment.id = link.payment_id
                            WHERE payment.move_id IS NULL) AS unposted
                 WHERE (SELECT COUNT(*) FROM line) <= %(few)s
                """,
                lines=SQL("line.id = ANY(%s)", scope.line_ids)
                if scope.line_ids
                else self._get_partner_sql(SQL("line.partner_id"), scope),
                trade=self._get_trade_account_sql(),
                few=FEW_LINES,
                targets=transfer._get_target_sql(
                    SQL(
                        "SELECT DISTINCT move_id FROM line WHERE %s",
                        transfer._get_is_candidate_sql("line"),
                    )
                ),
                sides=reading._get_side_sql(),
                is_examined=reading._get_is_examined_sql(),
                is_moving=transfer._get_is_moving_sql(),
            )
        )
        return scope.but(
            without=frozenset(
                name for row in rows for name, is_there in row.items() if not is_there
            )
        )

    def _get_today_sql(self) -> SQL:
        """Every company with its own date of today, as ``VALUES`` of ``(company_id, date)``."""
        companies = self.env["res.company"].sudo().search([("active", "in", (True, False))])
        return SQL(
            "VALUES %s",
            SQL(", ").join(
                SQL("(%s, %s::date)", company.id, company._get_today()) for company in companies
            ),
        )
