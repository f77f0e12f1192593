"""The settlement view: all rows, those of one customer, those of one invoice."""

from statistics import median

from .figures import Figure, measurement, milliseconds

REPEATS = 10


@measurement("settlements")
def measure(bench):
    result = bench.ours.call("measure_2_settlements", "read_settlements")
    for title, plan in result["plans"].items():
        bench.report(f"Settlements of {title}", plan)
    rows, seconds = result["all"]
    yield Figure(
        f"settlements: all {rows:,}",
        f"{seconds:,.2f} s, {seconds / rows * 1e6:,.1f} s per million",
    )
    for title in ("one customer", "one invoice"):
        rows, seconds = result[title]
        yield Figure(f"settlements of {title} ({rows})", milliseconds(seconds))


def read_settlements(env):
    from odoo.tools import SQL

    from .inside import counted

    Settlement = env["account.receivable.settlement"]
    query = Settlement._table_query
    result = {"plans": {}}

    def explain(title, statement):
        rows = env.execute_query(SQL("EXPLAIN (ANALYZE, BUFFERS) %s", statement))
        result["plans"][title] = "\n".join(row[0] for row in rows)

    everything = SQL("SELECT COUNT(*), SUM(amount), SUM(days_to_pay) FROM (%s) settlement", query)
    explain("all", everything)
    with counted(env) as count:
        rows = env.execute_query(everything)
    result["all"] = [rows[0][0], count.seconds]
    env.cr.execute(
        """
        SELECT id, commercial_partner_id FROM account_move
         WHERE move_type = 'out_invoice' AND payment_state = 'paid' ORDER BY id LIMIT 2000
        """
    )
    invoices = env.cr.fetchall()
    for title, column, values in (
        ("one customer", "partner_id", [row[1] for row in invoices]),
        ("one invoice", "invoice_id", [row[0] for row in invoices]),
    ):
        samples = []
        for value in values[:: max(len(values) // REPEATS, 1)][:REPEATS]:
            statement = SQL(
                "SELECT * FROM (%s) settlement WHERE %s = %s",
                query,
                SQL.identifier(column),
                value,
            )
            found = env.execute_query(statement)
            with counted(env) as count:
                env.execute_query(statement)
            samples.append((len(found), count.seconds))
        explain(title, statement)
        result[title] = [
            median([sample[0] for sample in samples]),
            median([sample[1] for sample in samples]),
        ]
    return result
