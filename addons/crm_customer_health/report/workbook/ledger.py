"""Holding what the workbook says against the balance of the receivable accounts."""

from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


def get_ledger(env, companies) -> dict[int, dict[str, float]]:
    """The balance of the trade receivable accounts, and what of it is nobody's open item.

    Read past the record rules: the caller sees to it that the user may read accounting.

    :return: by company, in its currency: ``balance``; of it ``without_partner`` (on journal items
        without a customer), ``revaluation`` (foreign balances valued anew, which nobody owes) and
        ``unposted_match`` (settled by an entry that was reset to draft);
        ``unposted_payment``, what payments without a journal entry settle and the accounts do not
        know yet; ``elsewhere``, what is still owed on other accounts (bills, doubtful claims).
    """
    health = env["crm.customer.health"].sudo()
    health._flush_sources()
    rows = env.execute_query_dict(
        SQL(
            """
            WITH trade AS (%(trade)s), part AS (
                SELECT company_id, balance,
                       CASE WHEN partner_id IS NULL THEN balance ELSE 0 END AS without_partner,
                       CASE WHEN partner_id IS NOT NULL AND %(is_revaluation)s
                            THEN amount_residual ELSE 0 END AS revaluation,
                       0 AS unposted_match, 0 AS unposted_payment, 0 AS elsewhere
                  FROM account_move_line line
                 WHERE parent_state = 'posted' AND company_id = ANY(%(companies)s)
                   AND account_id IN (SELECT id FROM trade)
                 UNION ALL
                SELECT line.company_id, 0, 0, 0,
                       CASE WHEN partial.debit_move_id = line.id THEN partial.amount
                            ELSE -partial.amount END,
                       0, 0
                  FROM account_move_line draft
                  JOIN account_partial_reconcile partial
                    ON draft.id IN (partial.debit_move_id, partial.credit_move_id)
                  JOIN account_move_line line
                    ON line.id = partial.debit_move_id + partial.credit_move_id - draft.id
                   AND line.parent_state = 'posted'
                   AND line.partner_id IS NOT NULL
                   AND line.account_id IN (SELECT id FROM trade)
                 WHERE draft.parent_state != 'posted' AND draft.company_id = ANY(%(companies)s)
                   AND draft.account_id IN (SELECT id FROM trade)
                 UNION ALL
                SELECT company_id, 0, 0, 0, 0, amount, 0
                  FROM (%(unposted_payments)s) payment
                 WHERE company_id = ANY(%(companies)s)
                 UNION ALL
                SELECT item.company_id, 0, 0, 0, 0, 0, item.amount
                  FROM (%(items)s) item
                  JOIN account_move_line line ON line.id = item.line_id
                 WHERE item.root_line_id != item.line_id
                   AND (line.account_id NOT IN (SELECT id FROM trade)
                        OR line.parent_state != 'posted' OR line.partner_id IS NULL)
            )
            SELECT company_id, SUM(balance) AS balance, SUM(without_partner) AS without_partner,
                   SUM(revaluation) AS revaluation,
                   SUM(unposted_match) AS unposted_match, SUM(unposted_payment) AS unposted_payment,
                   SUM(elsewhere) AS elsewhere
              FROM part
             GROUP BY company_id
            """,
            trade=env["account.receivable"]._get_trade_account_sql(),
            is_revaluation=env["account.receivable"]._get_is_revaluation_sql("line"),
            companies=list(companies.ids),
            items=env["account.receivable.item"]._get_item_sql(Scope(companies)),
            unposted_payments=env["account.receivable.unposted"]._get_unposted_sql(Scope()),
        )
    )
    found = {row.pop("company_id"): row for row in rows}
    names = (
        "balance",
        "without_partner",
        "revaluation",
        "unposted_match",
        "unposted_payment",
        "elsewhere",
    )
    return {
        company.id: {
            name: company.currency_id.round(found.get(company.id, {}).get(name) or 0)
            for name in names
        }
        for company in companies
    }
