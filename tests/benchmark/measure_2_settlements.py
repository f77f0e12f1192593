"""Settlements: all and the last year's against hand-written SQL, and pages of them."""

from statistics import median

from .figures import Figure, measurement, milliseconds

TIMES_LEAN = 2

#: A page as the web client asks for it: so many rows, and how many there are, up to one more than
#: the list counts to.
PAGE = 80
COUNT_LIMIT = 1001
SECONDS_OF_A_PAGE = 0.5

# Nothing but what these books hold. The same rows, or it is no comparison: that is checked.
LEAN = """
WITH loss AS (
    SELECT item.move_id, -SUM(item.balance) AS lost,
           BOOL_OR((item.company_id, item.account_id) IN (
               SELECT id, account_journal_early_pay_discount_loss_account_id FROM res_company
           )) AS is_discount
      FROM account_move_line item
     WHERE item.payment_id IS NOT NULL
       AND item.account_id IN (
            SELECT id FROM account_account WHERE split_part(account_type, '_', 1) = 'expense')
     GROUP BY item.move_id
),
exchange AS (
    SELECT caused.exchange_move_id AS move_id, MIN(item.date) AS date
      FROM account_partial_reconcile caused
      JOIN account_move_line item ON item.id = caused.credit_move_id
     WHERE caused.exchange_move_id IS NOT NULL
     GROUP BY caused.exchange_move_id
)
SELECT line.company_id, line.partner_id, line.id AS line_id, line.move_id,
       counterpart.id AS counterpart_line_id, part.kind, part.amount, line.invoice_date,
       GREATEST(line.date_maturity, line.invoice_date) AS due_date,
       GREATEST(line.invoice_date, COALESCE(exchange.date, counterpart.date)) AS settlement_date
  FROM account_partial_reconcile partial
  JOIN account_move_line line ON line.id = partial.debit_move_id
  JOIN account_move_line counterpart ON counterpart.id = partial.credit_move_id
  LEFT JOIN loss ON loss.move_id = counterpart.move_id
  LEFT JOIN exchange ON exchange.move_id = counterpart.move_id
 CROSS JOIN LATERAL (
    SELECT ROUND(partial.amount * COALESCE(loss.lost / counterpart.balance, 0), 2) AS amount
       ) lost
 CROSS JOIN LATERAL (
    SELECT CASE WHEN counterpart.display_type = 'payment_term' THEN 'credit_note'
                WHEN exchange.move_id IS NOT NULL THEN 'exchange'
                WHEN counterpart.payment_id IS NULL THEN 'write_off'
                ELSE 'payment' END AS kind,
           partial.amount - lost.amount AS amount
     UNION ALL
    SELECT CASE WHEN loss.is_discount OR counterpart.date <= line.discount_date THEN 'discount'
                ELSE 'write_off' END,
           lost.amount
     WHERE lost.amount != 0
       ) part
 WHERE line.display_type = 'payment_term' AND line.parent_state = 'posted'
 UNION ALL
SELECT line.company_id, line.partner_id, line.id, line.move_id, NULL, 'payment',
       line.amount_residual, line.invoice_date, GREATEST(line.date_maturity, line.invoice_date),
       GREATEST(line.invoice_date, payment.date)
  FROM account_payment payment
  JOIN account_move__account_payment link ON link.payment_id = payment.id
  JOIN account_move_line line ON line.move_id = link.invoice_id
 WHERE payment.move_id IS NULL AND line.display_type = 'payment_term'
   AND line.parent_state = 'posted' AND line.amount_residual != 0
"""


@measurement("settlements")
def measure(bench):
    result = bench.ours.call("measure_2_settlements", "read_settlements")
    for title, plan in result["plans"].items():
        bench.report(f"Settlements of {title}", plan)
    for title in ("all", "last 12 months"):
        rows, seconds, lean_seconds = result[title]
        ratio = seconds / lean_seconds
        yield Figure(
            f"settlements: {title}, {rows:,}",
            f"{seconds:,.2f} s, {seconds / rows * 1e6:,.1f} s per million, × {ratio:.2f}",
            f"× {TIMES_LEAN} of hand-written SQL",
            ratio <= TIMES_LEAN,
        )


@measurement("pages of settlements")
def measure_pages(bench):
    for title, domains in bench.ours.call("measure_2_settlements", "get_domains").items():
        page = bench.ours.call("measure_2_settlements", "read_pages", domains=domains)
        yield Figure(
            f"first page of settlements{title}, {page['rows']:,} of {page['length']:,}",
            f"{page['statements']} statements, {milliseconds(page['seconds'])}",
            f"{SECONDS_OF_A_PAGE} s",
            page["seconds"] <= SECONDS_OF_A_PAGE,
        )


def get_domains(env):
    """What people look for, each several times: the first of them warms the caches."""
    env.cr.execute(
        """
        SELECT id, commercial_partner_id FROM account_move
         WHERE move_type = 'out_invoice' AND payment_state = 'paid' ORDER BY id LIMIT 2000
        """
    )
    invoices = env.cr.fetchall()
    invoices = invoices[:: max(len(invoices) // 4, 1)][:4]
    env.cr.execute(
        """
        SELECT day::date::text, (day + interval '1 month - 1 day')::date::text
          FROM (SELECT date_trunc('month', MAX(date)) AS last FROM account_move
                 WHERE state = 'posted') book
         CROSS JOIN generate_series(last - interval '13 months', last - interval '1 month',
                                    interval '4 months') day
        """
    )
    return {
        "": [[]] * 4,
        " of a month": [
            [["settlement_date", ">=", first], ["settlement_date", "<=", last]]
            for first, last in env.cr.fetchall()
        ],
        " of a customer": [[["partner_id", "child_of", row[1]]] for row in invoices],
        " of an invoice": [[["invoice_id", "=", row[0]]] for row in invoices],
    }


def read_pages(env, domains):
    from .inside import as_user, counted

    env = as_user(env)
    settlements = env["account.receivable.settlement"]
    fields = settlements.get_views([[False, "list"]])["models"][settlements._name]["fields"]
    specification = {
        name: {"fields": {"display_name": {}}} if settlements._fields[name].relational else {}
        for name in fields
        if name in settlements._fields
    }
    samples, pages = [], []
    for domain in domains:
        env.invalidate_all()
        with counted(env) as count:
            page = settlements.web_search_read(
                domain, specification, limit=PAGE, count_limit=COUNT_LIMIT
            )
        samples.append(count)
        pages.append(page)
    return {
        "rows": max(len(page["records"]) for page in pages),
        "length": max(page["length"] for page in pages),
        "statements": max(count.statements for count in samples[1:]),
        "seconds": median(count.seconds for count in samples[1:]),
    }


def read_settlements(env):
    from odoo.tools import SQL

    from odoo.addons.account_receivable_settlement.scope import Scope

    Settlement = env["account.receivable.settlement"]
    query = Settlement._table_query
    result = {"plans": {}}

    def explain(title, statement):
        rows = env.execute_query(SQL("EXPLAIN (ANALYZE, BUFFERS) %s", statement))
        result["plans"][title] = "\n".join(row[0] for row in rows)

    explain("all", SQL("SELECT COUNT(*), SUM(amount) FROM (%s) settlement", query))
    env.cr.execute("SET LOCAL max_parallel_workers_per_gather = 2")
    env.cr.execute("SELECT MAX(date) - 365 FROM account_move WHERE state = 'posted'")
    since = SQL("%s::date", env.cr.fetchone()[0])
    for title, day in (("all", None), ("last 12 months", since)):
        newer = SQL("settlement_date > %s", day) if day else SQL("TRUE")
        ours = SQL(
            "SELECT * FROM (%s) settlement WHERE NOT is_mirror AND parent_state = 'posted' AND %s",
            Settlement._get_settlement_sql(Scope(since=day)),
            newer,
        )
        lean = SQL("SELECT * FROM (%s) settlement WHERE %s", SQL(LEAN), newer)
        # In turns, and the better of two: other work goes on beside it.
        seconds = [(_materialize(env, "ours", ours), _materialize(env, "lean", lean)) for _ in "12"]
        sums = {name: _sum_by_kind(env, name) for name in ("ours", "lean")}
        if sums["ours"] != sums["lean"]:
            raise AssertionError(f"Not the same settlements, {title}: {sums}")
        result[title] = [
            sum(row[1] for row in sums["ours"]),
            min(pair[0] for pair in seconds),
            min(pair[1] for pair in seconds),
        ]
    return result


def _materialize(env, name, query):
    """Seconds to write the rows into a temporary table, which may run in parallel."""
    from odoo.tools import SQL

    from .inside import counted

    table = SQL.identifier(name)
    env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", table))
    with counted(env) as count:
        env.cr.execute(SQL("CREATE TEMPORARY TABLE %s AS %s", table, query))
    return count.seconds


def _sum_by_kind(env, name):
    from odoo.tools import SQL

    return env.execute_query(
        SQL(
            """
            SELECT kind, COUNT(*), SUM(amount), SUM(settlement_date - invoice_date),
                   SUM(settlement_date - due_date)
              FROM pg_temp.%s
             GROUP BY kind
             ORDER BY kind
            """,
            SQL.identifier(name),
        )
    )
