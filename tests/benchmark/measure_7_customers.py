"""One customer, computed when it is opened: a typical one, and two with very many instalments."""

from statistics import median

from .figures import Figure, measurement, milliseconds
from .measure_5_health import CURVE
from .measure_5_health import LEAN as LEAN_OF_ALL

REPEATS = 7
TIMES_LEAN = 3
#: Customers that the books hold on purpose: instalments, and how many of them are open.
LARGE = ((911, 80), (4331, 351))

# The settlements of one customer, found by its instalments.
LEAN_SETTLED = """
SELECT line.company_id, line.partner_id, line.id AS line_id,
       counterpart.id AS counterpart_line_id, part.kind, part.amount, line.invoice_date,
       GREATEST(line.date_maturity, line.invoice_date) AS due_date,
       GREATEST(line.invoice_date, COALESCE(exchange.date, counterpart.date)) AS settlement_date
  FROM account_move_line line
  JOIN account_partial_reconcile partial ON partial.debit_move_id = line.id
  JOIN account_move_line counterpart ON counterpart.id = partial.credit_move_id
  LEFT JOIN (
    SELECT item.move_id, -SUM(item.balance) AS lost,
           BOOL_OR(item.account_id
                   = company.account_journal_early_pay_discount_loss_account_id) AS is_discount
      FROM account_move_line item
      JOIN res_company company ON company.id = item.company_id
     WHERE item.partner_id = {partner_id}
       AND item.payment_id IS NOT NULL
       AND item.account_id IN (
            SELECT id FROM account_account WHERE split_part(account_type, '_', 1) = 'expense')
     GROUP BY item.move_id
       ) loss ON loss.move_id = counterpart.move_id
  LEFT JOIN LATERAL (
    SELECT MIN(item.date) AS date,
           CASE WHEN BOOL_OR(item.display_type = 'payment_term') THEN 'credit_note'
                ELSE 'payment' END AS settled_as
      FROM account_partial_reconcile caused
      JOIN account_move_line item ON item.id = caused.credit_move_id
     WHERE caused.exchange_move_id = counterpart.move_id
       ) exchange ON counterpart.payment_id IS NULL
 CROSS JOIN LATERAL (
    SELECT ROUND(partial.amount * COALESCE(loss.lost / counterpart.balance, 0), 2) AS amount
       ) lost
 CROSS JOIN LATERAL (
    SELECT CASE WHEN counterpart.display_type = 'payment_term' THEN 'credit_note'
                WHEN exchange.date IS NOT NULL THEN exchange.settled_as
                WHEN counterpart.payment_id IS NULL THEN 'write_off'
                ELSE 'payment' END AS kind,
           partial.amount - lost.amount AS amount
     UNION ALL
    SELECT CASE WHEN loss.is_discount OR counterpart.date <= line.discount_date THEN 'discount'
                ELSE 'write_off' END,
           lost.amount
     WHERE lost.amount != 0
       ) part
 WHERE line.display_type = 'payment_term' AND line.parent_state = 'posted' AND {of_line}
"""
LEAN_UNPOSTED = """
SELECT line.company_id, line.partner_id, line.id AS line_id, NULL::int AS counterpart_line_id,
       'payment' AS kind, line.amount_residual AS amount, line.invoice_date,
       GREATEST(line.date_maturity, line.invoice_date) AS due_date,
       GREATEST(line.invoice_date, payment.date) AS settlement_date
  FROM account_move_line line
 CROSS JOIN LATERAL (
    SELECT payment.date
      FROM account_move__account_payment link
      JOIN account_payment payment ON payment.id = link.payment_id
     WHERE link.invoice_id = line.move_id AND payment.move_id IS NULL
     LIMIT 1) payment
 WHERE line.display_type = 'payment_term' AND line.parent_state = 'posted'
   AND line.reconciled IS NOT TRUE AND line.amount_residual != 0 AND {of_line}
"""
# Four small statements, each planned for one customer. The last one reads what the first yields.
LEAN = {
    "open": f"""
        WITH {{day}}, lean_settlement AS ({LEAN_UNPOSTED}) {LEAN_OF_ALL["lean_open"]}
    """,
    "behaviour": f"""
        WITH {{day}}, lean_settlement AS ({LEAN_SETTLED} UNION ALL {LEAN_UNPOSTED})
        {LEAN_OF_ALL["lean_behaviour"]}
    """,
    "business": f"WITH {{day}} {LEAN_OF_ALL['lean_business']}",
    "countback": f"""
        WITH {{day}}, lean_open AS (
            SELECT {{company_id}} AS company_id, {{partner_id}} AS partner_id,
                   {{open_amount}}::numeric AS open_amount)
        {LEAN_OF_ALL["lean_countback"]}
    """,
}


@measurement("one customer")
def measure(bench):
    usual = bench.ours.call("measure_7_customers", "compute_usual")
    yield Figure(
        f"figures of a customer with {usual['instalments']} instalments",
        f"{usual['statements']} statements, {milliseconds(usual['seconds'])},"
        f" × {usual['seconds'] / usual['lean']:.1f} of hand-written SQL",
    )
    for instalments, still_open in LARGE:
        large = bench.ours.call(
            "measure_7_customers", "compute_large", instalments=instalments, still_open=still_open
        )
        ratio = large["seconds"] / large["lean"]
        yield Figure(
            f"  with {instalments:,} instalments, {still_open} of them open",
            f"{large['statements']} statements, {milliseconds(large['seconds'])}, × {ratio:.1f}",
            f"× {TIMES_LEAN} of hand-written SQL",
            ratio <= TIMES_LEAN,
        )
        for title, plan in large["plans"].items():
            bench.report(f"A customer with {instalments:,} instalments: {title}", plan)


def compute_usual(env, count=15):
    """Customers spread over all that have invoices."""
    env.cr.execute(
        """
        SELECT company_id, partner_id, COUNT(*) FROM account_move_line
         WHERE display_type = 'payment_term' AND balance > 0
         GROUP BY company_id, partner_id HAVING COUNT(*) BETWEEN 5 AND 100
         ORDER BY company_id, partner_id
        """
    )
    customers = env.cr.fetchall()
    customers = customers[:: max(len(customers) // count, 1)][:count]
    samples = [_compare(env, *customer[:2], repeats=3) for customer in customers]
    return {
        "instalments": f"{min(row[2] for row in customers)} to {max(row[2] for row in customers)}",
        "statements": max(sample["statements"] for sample in samples),
        "seconds": median(sample["seconds"] for sample in samples),
        "lean": median(sample["lean"] for sample in samples),
    }


def find_large(env, instalments, still_open):
    """The company and the customer with so many instalments."""
    env.cr.execute(
        """
        SELECT company_id, partner_id FROM account_move_line
         WHERE display_type = 'payment_term'
         GROUP BY company_id, partner_id
        HAVING COUNT(*) = %s AND COUNT(*) FILTER (WHERE amount_residual != 0) = %s
        """,
        [instalments, still_open],
    )
    [customer] = env.cr.fetchall()
    return customer


def compute_large(env, instalments, still_open):
    customer = find_large(env, instalments, still_open)
    return _compare(env, *customer, repeats=REPEATS, with_plans=True)


def _compare(env, company_id, partner_id, repeats, with_plans=False):
    """Ours and the hand-written statements, in turns; the same figures, or it is no comparison."""
    from .inside import counted

    health = env["crm.customer.health"]
    company = env["res.company"].browse(company_id)
    partner = env["res.partner"].browse(partner_id)
    ours, lean = [], []
    for repeat in range(repeats + 1):
        env.invalidate_all()
        with counted(env) as count:
            figures = health._get_figures(company, partner)[company_id, partner_id]
        with counted(env) as lean_count:
            facts = _compute_lean(env, company, partner_id)
        if repeat:
            ours.append(count)
            lean.append(lean_count)
    expected = {name: float(figures[name] or 0) for name in facts}
    if any(abs(facts[name] - expected[name]) > 0.011 for name in facts):
        raise AssertionError(f"Not the same figures: {facts} and {expected}")
    result = {
        "statements": max(count.statements for count in ours),
        "seconds": median(count.seconds for count in ours),
        "lean": median(count.seconds for count in lean),
    }
    if with_plans:
        result["plans"] = _explain(env, company, partner)
    return result


def _compute_lean(env, company, partner_id):
    rows = {}
    for name, text in LEAN.items():
        open_row = rows.get("open") or {}
        env.cr.execute(_get_lean_sql(text, company, partner_id, open_row.get("open_amount") or 0))
        rows[name] = env.cr.dictfetchone() or {}

    def total(name, *parts):
        return float(sum(rows[part].get(name) or 0 for part in parts))

    weight = total("weight", "open", "behaviour")
    return {
        "open_amount": total("open_amount", "open"),
        "overdue_amount": total("overdue_amount", "open"),
        "overdue_over_90": total("overdue_over_90", "open"),
        "unapplied_credit_amount": -total("credit", "open"),
        "paid_amount": total("paid_amount", "behaviour"),
        "written_off_amount": total("written_off", "behaviour"),
        "days_beyond_terms": total("beyond_terms", "behaviour"),
        "invoice_count": total("invoice_count", "business"),
        "revenue_12m": total("revenue_12m", "business"),
        "payment_score": total("points", "open", "behaviour") / weight if weight else 0.0,
    }


def _get_lean_sql(text, company, partner_id, open_amount):
    from odoo.tools import SQL

    today = company._get_today()
    day = f"""
        day AS MATERIALIZED (
            SELECT {company.id} AS company_id, today,
                   (today - interval '12 months')::date AS year_start,
                   (today - interval '3 months')::date AS recent_start
              FROM (SELECT '{today}'::date AS today) today)
    """
    for name, value in {
        "day": day,
        "curve_of_days": CURVE,
        "of_line": f"line.partner_id = {partner_id}",
        "of_move": "move.partner_id IN (SELECT id FROM res_partner"
        f" WHERE commercial_partner_id = {partner_id})",
        "company_id": company.id,
        "partner_id": partner_id,
        "open_amount": open_amount,
    }.items():
        text = text.replace(f"{{{name}}}", str(value))
    return SQL(text)


def _explain(env, company, partner):
    from odoo.tools import SQL

    from odoo.addons.crm_customer_health.scope import HealthScope

    health = env["crm.customer.health"]
    statement = SQL(
        "%s SELECT * FROM health_result",
        health._get_with_sql(health._get_relations(HealthScope(company, partner))),
    )
    statements = {
        "ours": statement,
        **{name: _get_lean_sql(text, company, partner.id, 1000) for name, text in LEAN.items()},
    }
    return {
        name: "\n".join(
            row[0] for row in env.execute_query(SQL("EXPLAIN (ANALYZE, BUFFERS) %s", statement))
        )
        for name, statement in statements.items()
    }
