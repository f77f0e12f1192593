"""The forecast: cash of 13 weeks of all open items by salesperson, against plain reads of the
ledger under the same distribution; a night's work; a past Monday; one customer.
"""

import time

from .figures import Figure, measurement, milliseconds
from .measure_2_settlements import LEAN as LEAN_SETTLEMENTS

TIMES_LEAN = 2
STATEMENTS_OF_ONE = 12
#: However large the books are.
SECONDS_OF_ONE = 1
#: What rounding may make of a week's sum, in company currency.
CENTS = 0.05

#: Open items, of what these books hold.
LEAN_ITEMS = """
    SELECT item.*, basis.today, basis.today - item.due_date AS age
      FROM (
        SELECT line.company_id, line.partner_id, line.id AS line_id, line.move_id,
               line.id AS root_line_id, line.move_id AS root_move_id,
               line.display_type = 'payment_term' AS is_document,
               COALESCE(move.payment_state = 'blocked', FALSE) AS is_disputed,
               GREATEST(COALESCE(line.date_maturity, line.date), line.invoice_date) AS due_date,
               line.amount_residual - COALESCE(paid.amount, 0) AS amount
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
          LEFT JOIN account_move move
            ON move.id = line.move_id AND line.display_type = 'payment_term'
          LEFT JOIN (
            SELECT line.id AS line_id, SUM(line.amount_residual) AS amount
              FROM account_payment payment
              JOIN account_move__account_payment link ON link.payment_id = payment.id
              JOIN account_move_line line
                ON line.move_id = link.invoice_id AND line.display_type = 'payment_term'
             WHERE payment.move_id IS NULL
             GROUP BY line.id) paid ON paid.line_id = line.id
         WHERE line.reconciled IS NOT TRUE AND line.amount_residual != 0
           AND line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
           AND line.partner_id IS NOT NULL
           ) item
      JOIN expect_basis basis ON basis.company_id = item.company_id
     WHERE item.amount != 0
"""


@measurement("revenue forecast")
def measure(bench):
    weeks = bench.ours.call("measure_8_forecast", "compare_weeks")
    yield Figure(
        f"13 weeks of {weeks['items']:,} open items by salesperson",
        f"{weeks['seconds']:,.2f} s, lean SQL {weeks['lean']:,.2f} s:"
        f" × {weeks['seconds'] / weeks['lean']:.2f}",
        f"× {TIMES_LEAN}, and the same sums",
        weeks["seconds"] <= TIMES_LEAN * weeks["lean"] and not weeks["different"],
    )
    bench.report("Weeks in which lean SQL comes to another sum", "\n".join(weeks["different"]))
    night = bench.ours.call("measure_8_forecast", "refresh_all")
    yield Figure(
        f"all {night['rows']:,} rows and the weeks, when a day begins",
        f"{night['seconds']:,.1f} s, {night['statements']} statements",
    )
    monday = bench.ours.call("measure_8_forecast", "keep_monday")
    yield Figure("a past Monday: expected, collected, hits", f"{monday['seconds']:,.1f} s")
    one = bench.ours.call("measure_8_forecast", "refresh_one")
    yield Figure(
        "one customer's rows",
        f"{one['statements']} statements, {milliseconds(one['seconds'])}",
        f"{STATEMENTS_OF_ONE} statements, {SECONDS_OF_ONE} s",
        one["statements"] <= STATEMENTS_OF_ONE and one["seconds"] <= SECONDS_OF_ONE,
    )


def compare_weeks(env):
    """Both ways in turns; the sums are compared, and that they are what the ledger says."""
    from odoo.tools import SQL

    from odoo.addons.account_receivable_settlement.scope import Scope

    companies = env["crm.customer.health.policy"]._get_companies()
    env["crm.payment.expectation"]._flush_sources()
    weeks = env["crm.revenue.forecast.week"]
    expectation = env["crm.payment.expectation"]
    lean_settlements = SQL(
        """
        SELECT *, CASE kind WHEN 'exchange' THEN 'payment' ELSE kind END AS settled_as,
               FALSE AS is_mirror, 'posted' AS parent_state
          FROM (%s) plain
        """,
        SQL(LEAN_SETTLEMENTS),
    )

    # As each night: how late the companies' customers pay.
    env["crm.payment.lateness"]._refresh(companies)

    def run(scope, **replaced):
        relations = {**weeks._get_relations(scope), **replaced}
        start = time.perf_counter()
        with_sql = expectation._prepare_relations(relations, scope)
        rows = env.execute_query(
            SQL(
                "%s SELECT week, SUM(expected)::float8, SUM(by_due)::float8 FROM week_cash"
                " GROUP BY week ORDER BY week",
                with_sql,
            )
        )
        return time.perf_counter() - start, rows

    ours, lean = [], []
    for _number in range(2):
        seconds, rows = run(Scope(companies))
        ours.append(seconds)
        seconds, lean_rows = run(
            Scope(companies, settlements=lean_settlements), expect_item=SQL(LEAN_ITEMS)
        )
        lean.append(seconds)
    different = [
        f"{ours_of} {lean_of}"
        for ours_of, lean_of in zip(rows, lean_rows, strict=True)
        if any(abs(a - b) >= CENTS for a, b in zip(ours_of, lean_of, strict=True))
    ]
    [(items,)] = env.execute_query(
        SQL(
            "SELECT COUNT(*) FROM (%s) item",
            env["account.receivable.item"]._get_item_sql(Scope(companies)),
        )
    )
    return {"items": items, "seconds": min(ours), "lean": min(lean), "different": different}


def refresh_all(env):
    from .inside import counted

    states = env["crm.customer.health.policy"]._get_companies()._get_forecast_states(is_made=True)
    with counted(env) as count:
        for state in states:
            state._refresh_forecast()
    return {
        "rows": env["crm.revenue.forecast"].search_count([]),
        "seconds": count.seconds,
        "statements": count.statements,
    }


def keep_monday(env):
    from datetime import timedelta

    from .inside import counted

    state = env["crm.customer.health.policy"]._get_companies()._get_forecast_states(is_made=True)[0]
    today = state.company_id._get_today()
    monday = today - timedelta(days=today.weekday(), weeks=6)
    with counted(env) as count:
        env["crm.revenue.forecast.week"]._keep_monday(state, monday)
    return {"seconds": count.seconds}


def refresh_one(env):
    from .inside import counted

    row = env["crm.revenue.forecast"].search([("line_id", "!=", False)], limit=1)
    forecasts = env["crm.revenue.forecast"]
    forecasts._refresh(row.company_id, row.partner_id)
    row = forecasts.search([("line_id", "!=", False)], limit=1)
    with counted(env) as count:
        forecasts._refresh(row.company_id, row.partner_id)
    return {"seconds": count.seconds, "statements": count.statements}
