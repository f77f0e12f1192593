"""What customers buy: all rows against hand-written SQL, writing them, suggestions."""

from .figures import Figure, measurement

TIMES_LEAN = 1.5
MEMORY_GROWTH = 1.2

# The same rows and sums from the same lines, without rules for what these books do not hold.
LEAN = """
    SELECT company_id, partner_id, product_id,
           SUM(quantity) FILTER (WHERE is_year) AS quantity_12m,
           SUM(amount) FILTER (WHERE is_year) AS amount_12m,
           SUM(amount) FILTER (WHERE is_prev_year) AS amount_prev_12m,
           SUM(amount) FILTER (WHERE is_recent) AS recent_amount,
           COUNT(*) FILTER (WHERE is_purchase) AS purchase_count,
           MIN(invoice_date) FILTER (WHERE is_purchase) AS first_date,
           MAX(invoice_date) FILTER (WHERE is_purchase) AS last_date,
           PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE is_purchase)
               AS interval_days,
           SUM(SUM(amount) FILTER (WHERE is_year)) OVER (PARTITION BY company_id, partner_id)
               AS total
      FROM (
        SELECT day.*, invoice_date > year_start AS is_year,
               invoice_date > prev_year_start AND invoice_date <= year_start AS is_prev_year,
               invoice_date > recent_start AS is_recent,
               invoice_date - LAG(invoice_date) OVER (
                   PARTITION BY day.company_id, partner_id, product_id, is_purchase
                   ORDER BY invoice_date) AS gap
          FROM (
            SELECT line.company_id, line.partner_id, line.product_id, line.invoice_date,
                   SUM(SIGN(-line.balance) * line.quantity) AS quantity,
                   SUM(-line.balance) AS amount,
                   BOOL_OR(move.move_type != 'out_refund') AS is_purchase
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.display_type = 'product' AND line.product_id IS NOT NULL
               AND move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
             GROUP BY line.company_id, line.partner_id, line.product_id, line.invoice_date
               ) day
          JOIN purchase_basis basis ON basis.company_id = day.company_id
         WHERE invoice_date <= basis.as_of
           ) day
     GROUP BY company_id, partner_id, product_id
"""
SUMS = "SELECT COUNT(*), SUM(amount_12m), SUM(amount_prev_12m), SUM(purchase_count) FROM %s"


@measurement("purchases of customers")
def measure(bench):
    everybody = bench.ours.call("measure_5_purchases", "compute_all")
    ratio = everybody["seconds"] / everybody["lean"]
    yield Figure(
        f"purchases, {everybody['rows']:,} rows",
        f"{everybody['seconds']:,.2f} s, × {ratio:.2f}",
        f"× {TIMES_LEAN} of hand-written SQL",
        ratio <= TIMES_LEAN,
    )
    for title in ("first time", "again, nothing new"):
        written = bench.ours.call("measure_5_purchases", "refresh_all", twice=title != "first time")
        yield Figure(
            f"computing and writing purchases, {title}",
            f"{written['purchases']:,.2f} s, {written['statements']} statements",
        )
        yield Figure(
            f"computing and writing {written['suggestions_written']:,} suggestions, {title}",
            f"{written['suggestions']:,.2f} s",
        )
        yield Figure(
            "  memory of the Odoo process, against before",
            f"{written['memory']} MB, × {written['growth']:.2f}",
            f"× {MEMORY_GROWTH}",
            written["growth"] <= MEMORY_GROWTH,
        )


def compute_all(env):
    """Our relations and the hand-written one, in turns; the better of two counts."""
    from odoo.tools import SQL

    from odoo.addons.account_receivable_settlement.scope import Scope

    from .inside import counted

    purchases = env["crm.customer.purchase"]
    purchases.env["crm.customer.purchase.line"]._flush_sources()
    env["crm.customer.health"]._raise_work_memory()
    relations = purchases._get_relations(Scope(env["res.company"].search([])))
    basis = relations.pop("purchase_basis")

    def fill(tables):
        for name, select in tables.items():
            table = SQL.identifier(name)
            env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", table))
            env.cr.execute(SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", table, select))

    def total(table):
        env.cr.execute(SQL(SUMS, SQL.identifier(table)))
        return [round(float(value or 0), 1) for value in env.cr.fetchone()]

    fill({"purchase_basis": basis})
    ours, lean = [], []
    for _repeat in range(2):
        with counted(env) as count:
            fill(relations)
        ours.append(count.seconds)
        with counted(env) as count:
            fill({"lean": SQL(LEAN)})
        lean.append(count.seconds)
    sums = {name: total(name) for name in ("purchase_result", "lean")}
    if sums["purchase_result"] != sums["lean"]:
        raise AssertionError(f"Not the same figures: {sums}")
    return {"rows": int(sums["lean"][0]), "seconds": min(ours), "lean": min(lean)}


def refresh_all(env, twice):
    """As the scheduled action does it when a day begins."""
    from .inside import counted, memory

    companies = env["res.company"].search([])
    purchases, suggestions = env["crm.customer.purchase"], env["crm.customer.suggestion"]
    before = memory(env)
    env.cr.execute("DELETE FROM crm_customer_purchase")
    env.cr.execute("DELETE FROM crm_customer_suggestion")
    for _repeat in range(1 + twice):
        with counted(env) as of_purchases:
            purchases._refresh(companies)
        with counted(env) as of_suggestions:
            suggestions._refresh(companies)
    return {
        "purchases": of_purchases.seconds,
        "statements": of_purchases.statements,
        "suggestions": of_suggestions.seconds,
        "suggestions_written": suggestions.search_count([]),
        "memory": memory(env),
        "growth": memory(env) / before,
    }
