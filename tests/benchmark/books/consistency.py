"""Whether Odoo itself would have stored what the generator wrote: everything is computed anew."""

STORED = {
    "account.move": [
        "amount_untaxed",
        "amount_tax",
        "amount_total",
        "amount_residual",
        "amount_untaxed_signed",
        "amount_tax_signed",
        "amount_total_signed",
        "amount_residual_signed",
        "amount_untaxed_in_currency_signed",
        "amount_total_in_currency_signed",
        "commercial_partner_id",
        "invoice_currency_rate",
        "invoice_partner_display_name",
        "payment_state",
        "sequence_number",
        "sequence_prefix",
    ],
    "account.move.line": [
        "amount_residual",
        "amount_residual_currency",
        "company_currency_id",
        "credit",
        "debit",
        "display_type",
        "price_subtotal",
        "price_total",
        "reconciled",
    ],
    "account.payment": [
        "amount_company_currency_signed",
        "is_matched",
        "is_reconciled",
        "state",
    ],
    "account.partial.reconcile": ["max_date"],
    "crm.lead": ["date_closed", "prorated_revenue", "won_status"],
    "res.partner": ["commercial_partner_id", "complete_name"],
    "sale.order": [
        "amount_tax",
        "amount_total",
        "amount_untaxed",
        "currency_id",
        "currency_rate",
        "delivery_status",
        "invoice_status",
        "warehouse_id",
    ],
    "sale.order.line": [
        "company_id",
        "currency_id",
        "customer_lead",
        "invoice_status",
        "order_partner_id",
        "price_reduce_taxexcl",
        "price_reduce_taxinc",
        "price_subtotal",
        "price_tax",
        "price_total",
        "qty_delivered",
        "qty_delivered_method",
        "qty_invoiced",
        "qty_to_invoice",
        "salesman_id",
        "state",
        "untaxed_amount_invoiced",
        "untaxed_amount_to_invoice",
        "warehouse_id",
    ],
}
RULES = {
    "entries that do not balance": """
        SELECT move_id FROM account_move_line GROUP BY move_id
        HAVING SUM(balance) != 0
            OR (COUNT(DISTINCT currency_id) = 1 AND SUM(amount_currency) != 0)
            OR SUM(debit) - SUM(credit) != SUM(balance)
    """,
    "items that are matched with more than they are, or not with what their residual says": """
        SELECT line.id
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id AND account.reconcile
          LEFT JOIN (SELECT line_id, SUM(amount) AS amount, SUM(amount_currency) AS amount_currency
                  FROM (SELECT debit_move_id AS line_id, amount,
                               debit_amount_currency AS amount_currency
                          FROM account_partial_reconcile
                         UNION ALL
                        SELECT credit_move_id, -amount, -credit_amount_currency
                          FROM account_partial_reconcile) side
                 GROUP BY line_id) matched ON matched.line_id = line.id
         WHERE line.balance - COALESCE(matched.amount, 0) != line.amount_residual
            OR line.amount_currency - COALESCE(matched.amount_currency, 0)
               != line.amount_residual_currency
            OR line.amount_residual * line.balance < 0
    """,
    "full reconciliations with something open": """
        SELECT full_reconcile_id FROM account_move_line
         WHERE full_reconcile_id IS NOT NULL AND NOT reconciled
    """,
    "entries whose ids or names repeat or leave gaps": """
        SELECT journal_id, sequence_prefix FROM account_move GROUP BY journal_id, sequence_prefix
        HAVING COUNT(*) != MAX(sequence_number) OR MIN(sequence_number) != 1
    """,
}


def find_differences(env, sample=1000):
    """What Odoo computes otherwise, in words; nothing is written.

    :param sample: how many records of each model are computed anew, spread over all of them
    """
    problems = _find_broken_rules(env)
    for model, names in STORED.items():
        records = env[model].with_context(active_test=False).search([], order="id")
        records = records[:: max(len(records) // sample, 1)]
        problems += _compare(records, names)
    lines = env["account.move.line"].search([("matching_number", "!=", False)], order="id")
    problems += _compare_matching_numbers(lines[:: max(len(lines) // sample, 1)])
    env.cr.rollback()
    env.invalidate_all()
    return problems


def _find_broken_rules(env):
    problems = []
    for title, query in RULES.items():
        env.cr.execute(query)
        if rows := env.cr.fetchall():
            problems.append(f"{len(rows)} {title}, such as {rows[:3]}")
    return problems


def _compare(records, names):
    stored = {record.id: [record[name] for name in names] for record in records}
    for name in names:
        if records._fields[name].compute:
            records.env.add_to_compute(records._fields[name], records)
    problems = {}
    for record in records:
        for name, before in zip(names, stored[record.id], strict=True):
            after = record[name]
            is_same = (
                abs(after - before) < 0.000001 if isinstance(after, float) else after == before
            )
            if not is_same:
                problems.setdefault(name, []).append(f"{record.id}: {before} stored, {after}")
    return [
        f"{records._name}.{name} of {len(found)} of {len(records)}, such as {found[:3]}"
        for name, found in problems.items()
    ]


def _compare_matching_numbers(lines):
    stored = {line.id: line.matching_number for line in lines}
    lines.env["account.partial.reconcile"]._update_matching_number(lines)
    lines.invalidate_recordset(["matching_number"])
    found = [
        f"{line.id}: {stored[line.id]} stored, {line.matching_number}"
        for line in lines
        if line.matching_number != stored[line.id]
    ]
    return [f"matching_number of {len(found)}, such as {found[:3]}"] if found else []


ORDERED = """
    SELECT sale.opportunity_id, order_line.order_id, item.move_id, item.balance
      FROM sale_order_line_invoice_rel rel
      JOIN account_move_line item ON item.id = rel.invoice_line_id
      JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
      JOIN sale_order sale ON sale.id = order_line.order_id
"""


def _count_large(instalments, still_open):
    return f"""
        SELECT COUNT(*) FROM (
            SELECT partner_id FROM account_move_line WHERE display_type = 'payment_term'
             GROUP BY partner_id
            HAVING COUNT(*) = {instalments}
               AND COUNT(*) FILTER (WHERE amount_residual != 0) = {still_open}) large
    """


CASES = {
    "contacts below companies": "SELECT COUNT(*) FROM res_partner WHERE parent_id IS NOT NULL",
    "companies with invoices beyond the first": """
        SELECT COUNT(DISTINCT company_id) - 1 FROM account_move WHERE move_type = 'out_invoice'
    """,
    "receipts": "SELECT COUNT(*) FROM account_move WHERE move_type = 'out_receipt'",
    "credit notes of all": "SELECT COUNT(*) FROM account_move WHERE payment_state = 'reversed'",
    "credit notes of a part": """
        SELECT COUNT(*) FROM account_move refund
          JOIN account_move invoice ON invoice.id = refund.reversed_entry_id
         WHERE refund.amount_total < invoice.amount_total
    """,
    "unmatched credit notes": """
        SELECT COUNT(*) FROM account_move
         WHERE move_type = 'out_refund' AND payment_state = 'not_paid'
    """,
    "invoices in instalments": """
        SELECT COUNT(*) FROM (SELECT move_id FROM account_move_line
         WHERE display_type = 'payment_term' GROUP BY move_id HAVING COUNT(*) > 1) several
    """,
    "partly paid": "SELECT COUNT(*) FROM account_move WHERE payment_state = 'partial'",
    "disputed": "SELECT COUNT(*) FROM account_move WHERE payment_state = 'blocked'",
    "not paid": "SELECT COUNT(*) FROM account_move WHERE payment_state = 'not_paid'",
    "in foreign currency": """
        SELECT COUNT(*) FROM account_move
         WHERE move_type = 'out_invoice' AND amount_total != amount_total_signed
    """,
    "exchange differences": """
        SELECT COUNT(*) FROM account_partial_reconcile WHERE exchange_move_id IS NOT NULL
    """,
    "payments of many invoices": """
        SELECT COUNT(*) FROM (SELECT payment_id FROM account_move__account_payment
         GROUP BY payment_id HAVING COUNT(*) > 1) several
    """,
    "payments on account": """
        SELECT COUNT(*) FROM account_payment WHERE move_id IS NOT NULL AND NOT is_reconciled
    """,
    "payments without journal entry": "SELECT COUNT(*) FROM account_payment WHERE move_id IS NULL",
    "write-offs inside payments": """
        SELECT COUNT(*) FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE line.payment_id IS NOT NULL AND account.account_type = 'expense'
    """,
    "bad debts": """
        SELECT COUNT(*) FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE line.payment_id IS NULL AND line.name = 'By hand'
           AND account.account_type = 'expense'
    """,
    "opening balances": """
        SELECT COUNT(*) FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE line.name = 'By hand' AND account.account_type = 'equity'
    """,
    "won deals": "SELECT COUNT(*) FROM crm_lead WHERE won_status = 'won'",
    "lost deals": "SELECT COUNT(*) FROM crm_lead WHERE won_status = 'lost'",
    "open deals": "SELECT COUNT(*) FROM crm_lead WHERE won_status = 'pending'",
    "quotations sent": "SELECT COUNT(*) FROM sale_order WHERE state = 'sent'",
    "orders without a deal": "SELECT COUNT(*) FROM sale_order WHERE opportunity_id IS NULL",
    "orders of deals, with nothing invoiced": f"""
        SELECT COUNT(*) FROM sale_order WHERE state = 'sale' AND opportunity_id IS NOT NULL
           AND id NOT IN (SELECT order_id FROM ({ORDERED}) ordered)
    """,
    "orders of deals, with something left to invoice": f"""
        SELECT COUNT(*) FROM sale_order WHERE invoice_status = 'to invoice'
           AND id IN (SELECT order_id FROM ({ORDERED}) ordered WHERE opportunity_id IS NOT NULL)
    """,
    "orders in foreign currency": """
        SELECT COUNT(*) FROM sale_order sale JOIN res_company company ON company.id = company_id
         WHERE sale.currency_id != company.currency_id
    """,
    "credited order lines": f"SELECT COUNT(*) FROM ({ORDERED}) ordered WHERE balance > 0",
    "invoices of several deals": f"""
        SELECT COUNT(*) FROM (SELECT move_id FROM ({ORDERED}) ordered
         GROUP BY move_id HAVING COUNT(DISTINCT opportunity_id) > 1) several
    """,
    "customers with 911 instalments, of which 80 are open": _count_large(911, 80),
    "customers with 4,331 instalments, of which 351 are open": _count_large(4331, 351),
}


def count_cases(env):
    """How often each case is in the books that the generator promises."""
    counts = {}
    for case, query in CASES.items():
        env.cr.execute(query)
        counts[case] = env.cr.fetchone()[0]
    return counts


def find_planted_difference(env):
    """What is found after one cent of one invoice's residual has been moved."""
    env.cr.execute(
        """
        UPDATE account_move_line SET amount_residual = amount_residual + 0.01
         WHERE id = (SELECT MIN(id) FROM account_move_line
                      WHERE display_type = 'payment_term' AND amount_residual > 0)
        RETURNING id
        """
    )
    line = env["account.move.line"].browse(env.cr.fetchone())
    return _find_broken_rules(env) + _compare(line, ["amount_residual"])
