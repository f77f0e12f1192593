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
    problems = []
    for title, query in RULES.items():
        env.cr.execute(query)
        if rows := env.cr.fetchall():
            problems.append(f"{len(rows)} {title}, such as {rows[:3]}")
    for model, names in STORED.items():
        records = env[model].with_context(active_test=False).search([], order="id")
        records = records[:: max(len(records) // sample, 1)]
        problems += _compare(records, names)
    lines = env["account.move.line"].search([("matching_number", "!=", False)], order="id")
    problems += _compare_matching_numbers(lines[:: max(len(lines) // sample, 1)])
    env.cr.rollback()
    env.invalidate_all()
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
