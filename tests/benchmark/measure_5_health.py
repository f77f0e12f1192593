"""Customer health: all customers against hand-written SQL, one customer, lists, the queue."""

from statistics import median

from .figures import Figure, measurement, milliseconds
from .measure_2_settlements import LEAN as LEAN_SETTLEMENTS

REPEATS = 15
TIMES_LEAN = 1.5
MEMORY_GROWTH = 1.2
STATEMENTS_OF_ONE = 10
FEW, MANY = 10, 1000
GROUP_BY = {
    "crm.customer.health": ["health_status", "rfm_segment", "user_id", "country_id"],
    "res.partner": ["health_status"],
}

# The figures that the books can yield, without rules for what they do not hold. The same sums, or
# it is no comparison: that is checked. What stands in braces restricts them to one customer.
LEAN = {
    "lean_open": """
        SELECT line.company_id, line.partner_id,
               SUM(amount) FILTER (WHERE amount > 0) AS open_amount,
               SUM(amount) FILTER (WHERE amount > 0 AND days > 0 AND NOT disputed)
                   AS overdue_amount,
               SUM(amount) FILTER (WHERE amount > 0 AND days > 90 AND NOT disputed)
                   AS overdue_over_90,
               SUM(amount) FILTER (WHERE amount < 0) AS credit,
               SUM(amount * curve.points) FILTER (WHERE scored) AS points,
               SUM(amount) FILTER (WHERE scored) AS weight
          FROM (
            SELECT line.company_id, line.partner_id,
                   line.amount_residual - COALESCE(paid.amount, 0) AS amount,
                   day.today - GREATEST(COALESCE(line.date_maturity, line.date), line.invoice_date)
                       AS days,
                   COALESCE(move.payment_state = 'blocked', FALSE) AS disputed,
                   line.display_type = 'payment_term'
                   AND move.payment_state != 'blocked' AND line.amount_residual > 0
                   AND GREATEST(line.date_maturity, line.invoice_date) < day.today AS scored
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
              JOIN day ON day.company_id = line.company_id
              LEFT JOIN account_move move
                ON move.id = line.move_id AND line.display_type = 'payment_term'
              LEFT JOIN (
                SELECT line_id, SUM(amount) AS amount FROM lean_settlement
                 WHERE counterpart_line_id IS NULL GROUP BY line_id) paid ON paid.line_id = line.id
             WHERE line.reconciled IS NOT TRUE AND line.amount_residual != 0
               AND line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
               AND line.partner_id IS NOT NULL AND {of_line}
          ) line
         CROSS JOIN LATERAL (SELECT {curve_of_days} AS points) curve
         GROUP BY line.company_id, line.partner_id
    """,
    "lean_behaviour": """
        SELECT company_id, partner_id,
               SUM(amount) FILTER (WHERE kind = 'payment') AS paid_amount,
               SUM(amount * to_pay) FILTER (WHERE kind != 'write_off' AND amount > 0)
                   / SUM(amount) FILTER (WHERE kind != 'write_off' AND amount > 0) AS days_to_pay,
               SUM(amount * days) FILTER (WHERE kind != 'write_off' AND amount > 0)
                   / SUM(amount) FILTER (WHERE kind != 'write_off' AND amount > 0) AS beyond_terms,
               PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY to_pay)
                   FILTER (WHERE kind = 'payment' AND amount > 0) AS median_to_pay,
               PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY days)
                   FILTER (WHERE kind = 'payment' AND amount > 0) AS median_beyond_terms,
               SUM(amount) FILTER (WHERE kind != 'write_off' AND amount > 0 AND days <= 0)
                   AS on_time,
               SUM(amount * CASE WHEN kind = 'write_off' THEN 1 ELSE {curve_of_days} END)
                   FILTER (WHERE amount > 0) AS points,
               SUM(amount) FILTER (WHERE amount > 0) AS weight,
               SUM(amount * CASE WHEN kind = 'write_off' THEN 1 ELSE {curve_of_days} END)
                   FILTER (WHERE amount > 0 AND is_recent) AS recent_points,
               SUM(amount) FILTER (WHERE amount > 0 AND is_recent) AS recent_weight,
               COUNT(*) FILTER (WHERE amount > 0) AS settled_count,
               COUNT(*) FILTER (WHERE kind = 'payment' AND amount > 0) AS payment_count,
               SUM(amount) FILTER (WHERE kind = 'write_off') AS written_off,
               SUM(amount * GREATEST(days, 0)) FILTER (WHERE kind != 'write_off' AND amount > 0)
                   AS late
          FROM (
            SELECT settlement.*, settlement_date > day.recent_start AS is_recent,
                   settlement_date - invoice_date AS to_pay,
                   settlement_date - due_date AS days
              FROM lean_settlement settlement
              JOIN day USING (company_id)
             WHERE kind IN ('payment', 'discount', 'write_off')
               AND settlement_date > day.year_start AND settlement_date <= day.today
          ) settlement
         GROUP BY company_id, partner_id
    """,
    "lean_business": """
        SELECT company_id, partner_id, MIN(invoice_date) AS first, MAX(invoice_date) AS last,
               COUNT(*) FILTER (WHERE is_invoice) AS invoice_count,
               COUNT(*) FILTER (WHERE is_invoice AND invoice_date > year_start
                                      AND invoice_date <= today) AS invoice_count_12m,
               AVG(untaxed) FILTER (WHERE is_invoice) AS average,
               MAX(today) - MAX(invoice_date) FILTER (WHERE is_invoice) AS recency,
               SUM(untaxed) FILTER (WHERE invoice_date > year_start AND invoice_date <= today)
                   AS revenue_12m,
               PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap)
                   FILTER (WHERE is_invoice AND gap > 0) AS gap
          FROM (
            SELECT move.company_id, commercial_partner_id AS partner_id, invoice_date,
                   move_type != 'out_refund' AS is_invoice, amount_untaxed_signed AS untaxed,
                   day.today, day.year_start,
                   invoice_date - LAG(invoice_date) OVER (
                       PARTITION BY move.company_id, commercial_partner_id,
                                    move_type != 'out_refund'
                       ORDER BY invoice_date) AS gap
              FROM account_move move
              JOIN day ON day.company_id = move.company_id
             WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt') AND state = 'posted'
               AND {of_move}
          ) document
         GROUP BY company_id, partner_id
    """,
    "lean_product": """
        SELECT company_id, partner_id, COUNT(*) AS product_count,
               COUNT(DISTINCT categ_id) AS category_count,
               SUM(amount * amount) / (SUM(amount) * SUM(amount)) AS concentration
          FROM (
            SELECT move.company_id, move.commercial_partner_id AS partner_id, line.product_id,
                   template.categ_id, SUM(-line.balance) AS amount
              FROM account_move move
              JOIN day ON day.company_id = move.company_id
              JOIN account_move_line line ON line.move_id = move.id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE move.state = 'posted' AND line.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND move.invoice_date > day.year_start AND move.invoice_date <= day.today
               AND {of_move}
             GROUP BY move.company_id, move.commercial_partner_id, line.product_id,
                      template.categ_id
            HAVING SUM(-line.balance) > 0
               ) product
         GROUP BY company_id, partner_id
    """,
    "lean_countback": """
        SELECT company_id, partner_id,
               MIN(today - LEAST(today, month + 30)
                   + 30 * (open_amount - upto + sales) / sales)
                   FILTER (WHERE sales > 0 AND open_amount > upto - sales AND open_amount <= upto)
                   AS countback
          FROM (
            SELECT *, SUM(sales) OVER (PARTITION BY company_id, partner_id ORDER BY month DESC)
                          AS upto
              FROM (
                SELECT move.company_id, commercial_partner_id AS partner_id, open_amount,
                       day.today, date_trunc('month', invoice_date)::date AS month,
                       SUM(amount_total_signed) AS sales
                  FROM account_move move
                  JOIN day ON day.company_id = move.company_id
                  JOIN lean_open ON lean_open.company_id = move.company_id
                                AND lean_open.partner_id = move.commercial_partner_id
                 WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                   AND state = 'posted' AND open_amount > 0 AND {of_move}
                 GROUP BY 1, 2, 3, 4, 5
              ) month
          ) month
         GROUP BY company_id, partner_id
    """,
    # What is in the house and not matched yet settles what is overdue, the oldest first: a part of
    # it is no debt of today's age, and with money it is one that was paid on that day.
    "lean_house": """
        WITH item AS MATERIALIZED (
            SELECT line.company_id, line.partner_id, line.id, line.date, line.invoice_date,
                   line.amount_residual - COALESCE(paid.amount, 0) AS amount,
                   day.today, day.year_start,
                   day.today - GREATEST(COALESCE(line.date_maturity, line.date), line.invoice_date)
                       AS days,
                   COALESCE(move.payment_state = 'blocked', FALSE) AS disputed,
                   line.display_type = 'payment_term' AS scored,
                   line.payment_id IS NOT NULL OR line.statement_line_id IS NOT NULL AS is_money
              FROM lean_open
              JOIN account_move_line line ON line.company_id = lean_open.company_id
                                         AND line.partner_id = lean_open.partner_id
              JOIN account_account account ON account.id = line.account_id
              JOIN day ON day.company_id = line.company_id
              LEFT JOIN account_move move
                ON move.id = line.move_id AND line.display_type = 'payment_term'
              LEFT JOIN (
                SELECT line_id, SUM(amount) AS amount FROM lean_settlement
                 WHERE counterpart_line_id IS NULL GROUP BY line_id) paid ON paid.line_id = line.id
             WHERE lean_open.credit < 0 AND lean_open.overdue_amount > 0
               AND line.reconciled IS NOT TRUE AND line.amount_residual != 0
               AND line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
        ),
        credit AS (
            SELECT company_id, partner_id, date, is_money,
                   SUM(-amount) OVER running AS upto, SUM(-amount) OVER running + amount AS start
              FROM item WHERE amount < 0
            WINDOW running AS (PARTITION BY company_id, partner_id ORDER BY NOT is_money, date, id)
        ),
        debt AS (
            SELECT *, SUM(amount) OVER running AS upto, SUM(amount) OVER running - amount AS start
              FROM item WHERE amount > 0 AND days > 0 AND NOT disputed
            WINDOW running AS (PARTITION BY company_id, partner_id ORDER BY days DESC, id)
        )
        SELECT company_id, partner_id,
               SUM(part * (CASE WHEN is_paid THEN paid.points ELSE 0 END - due.points)) AS points,
               SUM(CASE WHEN is_paid THEN 0 ELSE -part END) AS weight,
               SUM(part) FILTER (WHERE is_paid) AS paid_amount
          FROM (
            SELECT debt.company_id, debt.partner_id, debt.days,
                   settled.day - debt.today + debt.days AS paid_days,
                   credit.is_money AND settled.day > debt.year_start
                       AND settled.day <= debt.today AS is_paid,
                   LEAST(debt.upto, credit.upto) - GREATEST(debt.start, credit.start) AS part
              FROM debt
              JOIN credit ON credit.company_id = debt.company_id
                         AND credit.partner_id = debt.partner_id
                         AND credit.start < debt.upto AND credit.upto > debt.start
             CROSS JOIN LATERAL (SELECT GREATEST(credit.date, debt.invoice_date) AS day) settled
             WHERE debt.scored
          ) part
         CROSS JOIN LATERAL (SELECT {curve_of_days} AS points) due
         CROSS JOIN LATERAL (
            SELECT {curve_of_days} AS points FROM (SELECT paid_days AS days) settled) paid
         GROUP BY company_id, partner_id
    """,
    "lean_joined": """
        SELECT company_id, partner_id, countback, open_amount, overdue_amount, overdue_over_90,
               credit, lean_behaviour.paid_amount, days_to_pay, beyond_terms, median_to_pay,
               median_beyond_terms,
               on_time, late, written_off, settled_count, payment_count, first, last,
               invoice_count, invoice_count_12m, average, recency, revenue_12m, gap,
               (COALESCE(lean_open.points, 0) + COALESCE(lean_behaviour.points, 0)
                + COALESCE(lean_house.points, 0))
               / NULLIF(COALESCE(lean_open.weight, 0) + COALESCE(lean_behaviour.weight, 0)
                        + COALESCE(lean_house.weight, 0), 0) AS payment_score,
               COALESCE(lean_behaviour.paid_amount, 0) + COALESCE(lean_house.paid_amount, 0)
                   AS received,
               COALESCE(overdue_amount, 0) - COALESCE(-lean_house.weight, 0)
                   - COALESCE(lean_house.paid_amount, 0) AS net_overdue,
               product_count, category_count, concentration,
               (COALESCE(lean_open.points, 0) + COALESCE(recent_points, 0))
               / NULLIF(COALESCE(lean_open.weight, 0) + COALESCE(recent_weight, 0), 0)
               - (lean_behaviour.points - COALESCE(recent_points, 0))
               / NULLIF(lean_behaviour.weight - COALESCE(recent_weight, 0), 0) AS trend
          FROM lean_open
          FULL JOIN lean_behaviour USING (company_id, partner_id)
          FULL JOIN lean_business USING (company_id, partner_id)
          LEFT JOIN lean_countback USING (company_id, partner_id)
          LEFT JOIN lean_house USING (company_id, partner_id)
          LEFT JOIN lean_product USING (company_id, partner_id)
    """,
    "lean": """
        SELECT joined.*, recency_rank, frequency_rank, monetary_rank,
               (40 * payment_score
                + COALESCE(20 * 100 * (1 - net_overdue / NULLIF(net_overdue + received, 0)), 0)
                + COALESCE(10 * LEAST(100, GREATEST(0, 50 + trend)), 0)
                + 20 * 12.5 * (recency_rank + frequency_rank - 2))
               / (60 + CASE WHEN net_overdue + received > 0 THEN 20 ELSE 0 END
                  + CASE WHEN trend IS NULL THEN 0 ELSE 10 END) AS health_score
          FROM lean_joined joined
          JOIN (
            SELECT company_id,
                   PERCENTILE_CONT(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY recency)
                       AS recencies,
                   PERCENTILE_CONT(ARRAY[0.2, 0.4, 0.6, 0.8])
                       WITHIN GROUP (ORDER BY invoice_count_12m) AS frequencies,
                   PERCENTILE_CONT(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY revenue_12m)
                       AS revenues
              FROM lean_joined
             GROUP BY company_id
          ) cut USING (company_id)
         CROSS JOIN LATERAL (
            SELECT 5 - (recency > recencies[1])::int - (recency > recencies[2])::int
                     - (recency > recencies[3])::int - (recency > recencies[4])::int
                       AS recency_rank,
                   1 + (invoice_count_12m > frequencies[1])::int
                     + (invoice_count_12m > frequencies[2])::int
                     + (invoice_count_12m > frequencies[3])::int
                     + (invoice_count_12m > frequencies[4])::int AS frequency_rank,
                   1 + (revenue_12m > revenues[1])::int + (revenue_12m > revenues[2])::int
                     + (revenue_12m > revenues[3])::int + (revenue_12m > revenues[4])::int
                       AS monetary_rank) ranked
    """,
}
# The same curve as one product of steps; of fewer operations than a ladder of cases.
CURVE = """
    CASE WHEN days <= -30 THEN 100
         WHEN days <= -20 THEN 70 - days
         WHEN days <= 0 THEN 80 - days * 0.5
         WHEN days <= 15 THEN 80 - days * 2 / 3.0
         WHEN days <= 22 THEN 70 - (days - 15) * 10 / 7.0
         WHEN days <= 30 THEN 60 - (days - 22) * 1.25
         WHEN days <= 120 THEN 60 - days / 3.0
         WHEN days <= 180 THEN 20 - (days - 120) * 19 / 60.0
         ELSE 1 END
"""
SUMS = {
    "ours": """
        SELECT COUNT(*), SUM(open_amount), SUM(overdue_amount), SUM(overdue_over_90),
               SUM(unapplied_credit_amount), SUM(paid_amount), SUM(invoice_count),
               SUM(revenue_12m), SUM(ROUND(payment_score, 2)), SUM(product_count)
          FROM health_result
    """,
    "lean": """
        SELECT COUNT(*), SUM(open_amount), SUM(overdue_amount), SUM(overdue_over_90),
               SUM(-credit), SUM(paid_amount), SUM(invoice_count), SUM(revenue_12m),
               SUM(ROUND(payment_score, 2)), SUM(product_count) FROM pg_temp.lean
    """,
}


@measurement("health of customers")
def measure(bench):
    everybody = bench.ours.call("measure_5_health", "compute_all")
    ratio = everybody["seconds"] / everybody["lean"]
    yield Figure(
        f"health of all {everybody['customers']:,} customers",
        f"{everybody['seconds']:,.2f} s, × {ratio:.2f}",
        f"× {TIMES_LEAN} of hand-written SQL",
        ratio <= TIMES_LEAN,
    )
    for title in ("first time", "again, a day later"):
        written = bench.ours.call("measure_5_health", "refresh_all", later=title != "first time")
        yield Figure(
            f"refreshing and writing them, {title}",
            f"{written['seconds']:,.2f} s, {written['statements']} statements",
        )
        yield Figure(
            "  memory of the Odoo process, against before",
            f"{written['memory']} MB, × {written['growth']:.2f}",
            f"× {MEMORY_GROWTH}",
            written["growth"] <= MEMORY_GROWTH,
        )
    one = bench.ours.call("measure_5_health", "open_one")
    yield Figure(
        "figures of one customer, computed when it is opened",
        f"{one['statements']} statements, {milliseconds(one['seconds'])}",
        f"{STATEMENTS_OF_ONE} statements",
        one["statements"] <= STATEMENTS_OF_ONE,
    )
    thousand = bench.ours.call("measure_5_health", "compute_some", count=MANY)
    yield Figure("figures of 1,000 customers", milliseconds(thousand["seconds"]))
    for title, plan in bench.ours.call("measure_5_health", "explain").items():
        bench.report(title, plan)


@measurement("lists of customers")
def measure_lists(bench):
    for model, title in (("crm.customer.health", "health rows"), ("res.partner", "contacts")):
        for view in ("list", "kanban"):
            few, many = (
                bench.ours.call(
                    "measure_5_health", "read_view", model=model, view=view, count=count
                )
                for count in (FEW, MANY)
            )
            yield Figure(
                f"{view} of {title}, {FEW} and {MANY:,} rows",
                f"{few['statements']} and {many['statements']} statements,"
                f" {milliseconds(many['seconds'])}",
                "not more",
                many["statements"] <= few["statements"],
            )
        for group_by in GROUP_BY[model]:
            grouped = bench.ours.call("measure_5_health", "group", model=model, group_by=group_by)
            yield Figure(
                f"all {title} grouped by {group_by}",
                f"{grouped['statements']} statements, {milliseconds(grouped['seconds'])}",
            )


def _execute(env, statement):
    from odoo.tools import SQL

    from .inside import counted

    with counted(env) as count:
        env.cr.execute(SQL(statement) if isinstance(statement, str) else statement)
    return count.seconds


def compute_all(env):
    """Our relations and the hand-written ones, in turns; the better of two counts."""
    from odoo.addons.crm_customer_health.scope import HealthScope

    from .inside import counted

    health = env["crm.customer.health"]
    companies = env["res.company"].search([("id", "!=", False)])
    ours, lean = [], []
    for _repeat in range(2):
        with counted(env) as count:
            health._fill_tables(HealthScope(companies))
        ours.append(count.seconds)
        lean.append(_compute_lean(env, companies))
    sums = {}
    for name, statement in SUMS.items():
        env.cr.execute(statement)
        sums[name] = [round(float(value or 0), 1) for value in env.cr.fetchone()]
    if sums["ours"] != sums["lean"]:
        raise AssertionError(f"Not the same figures: {sums}")
    return {"customers": int(sums["ours"][0]), "seconds": min(ours), "lean": min(lean)}


def _compute_lean(env, companies):
    from odoo.tools import SQL

    days = SQL(", ").join(
        SQL("(%s, %s::date)", company.id, company._get_today()) for company in companies
    )
    tables = {
        "day": SQL(
            "SELECT company_id, today, (today - interval '12 months')::date AS year_start,"
            " (today - interval '3 months')::date AS recent_start"
            " FROM (VALUES %s) day (company_id, today)",
            days,
        ),
        "lean_settlement": SQL(
            # An exchange difference counts as what brought it about, in these books a payment.
            "SELECT company_id, partner_id, line_id, counterpart_line_id, amount, invoice_date,"
            " due_date, settlement_date, CASE kind WHEN 'exchange' THEN 'payment' ELSE kind END"
            " AS kind FROM (%s) settlement WHERE counterpart_line_id IS NULL OR settlement_date >"
            " (SELECT MIN(year_start) FROM day)",
            SQL(LEAN_SETTLEMENTS),
        ),
        **{name: SQL(_for_everybody(text)) for name, text in LEAN.items()},
    }
    seconds = 0
    for name, select in tables.items():
        table = SQL.identifier(name)
        env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", table))
        seconds += _execute(
            env, SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", table, select)
        )
    return seconds


def _for_everybody(text):
    for scope in ("{of_line}", "{of_move}"):
        text = text.replace(scope, "TRUE")
    return text.replace("{curve_of_days}", CURVE)


def refresh_all(env, later):
    """As the scheduled action does it when a day begins."""
    from unittest.mock import patch

    from .inside import counted, memory

    health = env["crm.customer.health"]
    companies = env["res.company"].search([("id", "!=", False)])
    before = memory(env)
    today = {company: company._get_today() for company in companies}
    if later:
        from datetime import timedelta

        today = {company: day + timedelta(days=1) for company, day in today.items()}
    with (
        patch.object(env.registry["res.company"], "_get_today", lambda company: today[company]),
        counted(env) as count,
    ):
        health._refresh(companies)
    env.cr.commit()
    return {
        "seconds": count.seconds,
        "statements": count.statements,
        "memory": memory(env),
        "growth": memory(env) / before,
    }


def open_one(env):
    """Customers of all sizes, each opened once more after it was opened."""
    from .inside import counted

    rows = env["crm.customer.health"].search([], order="id")
    samples = []
    for row in rows[:: max(len(rows) // REPEATS, 1)][:REPEATS]:
        row._get_live_record()
        env.invalidate_all()
        with counted(env) as sample:
            row._get_live_record()
        samples.append(sample)
    return {
        "statements": max(sample.statements for sample in samples),
        "seconds": median(sample.seconds for sample in samples),
    }


def compute_some(env, count):
    from .inside import counted

    rows = env["crm.customer.health"].search([], order="id", limit=count)
    samples = []
    for _repeat in range(3):
        env.invalidate_all()
        with counted(env) as sample:
            env["crm.customer.health"]._get_figures(rows.company_id, rows.partner_id)
        samples.append(sample)
    return {"seconds": median(sample.seconds for sample in samples)}


def explain(env):
    from odoo.tools import SQL

    from odoo.addons.crm_customer_health.scope import HealthScope

    health = env["crm.customer.health"]
    row = health.search([], limit=1)
    relations = health._get_relations(HealthScope(row.company_id, row.partner_id))
    statement = SQL("%s SELECT * FROM health_result", health._get_with_sql(relations))
    rows = env.execute_query(SQL("EXPLAIN (ANALYZE, BUFFERS) %s", statement))
    return {"Health of one customer": "\n".join(row[0] for row in rows)}


def _measure(env, action, repeats=3):
    from .inside import counted

    samples = []
    for repeat in range(repeats + 1):
        env.invalidate_all()
        with counted(env) as count:
            action()
        if repeat:  # the first one warms the caches of views, rights and translations
            samples.append(count)
    return {
        "statements": max(sample.statements for sample in samples),
        "seconds": median(sample.seconds for sample in samples),
    }


def read_view(env, model, view, count):
    from .inside import as_user

    env = as_user(env)
    records = env[model]
    fields = records.get_views([[False, view]])["models"][model]["fields"]
    names = {"fields": {"display_name": {}}}
    specification = {
        name: names if records._fields[name].relational else {}
        for name in fields
        if name in records._fields
    }
    domain = [] if model == "crm.customer.health" else [["customer_rank", ">", 0]]
    return _measure(env, lambda: records.web_search_read(domain, specification, limit=count))


def group(env, model, group_by):
    from .inside import as_user

    env = as_user(env)
    return _measure(
        env, lambda: env[model].formatted_read_group([], [group_by], ["overdue_amount:sum"])
    )
