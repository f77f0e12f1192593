"""Figures of deals: one deal, a thousand, all of them."""

from statistics import median

from .figures import Figure, measurement, milliseconds

BATCH = 1000
REPEATS = 15
MEMORY_GROWTH = 1.2
PAGE = 80
#: One more than the list counts to.
COUNT_LIMIT = 1001
SECONDS_OF_A_LIST = 2
#: Up to so many invoices; a page does not depend on them.
INVOICES_OF_A_LIST = 200_000


@measurement("figures of deals")
def measure(bench):
    explained = bench.ours.call("measure_1_figures", "explain_figures")
    for title, plan in explained.items():
        bench.report(title, plan)
    one = bench.ours.call("measure_1_figures", "figures_of_deals", count=1)
    many = bench.ours.call("measure_1_figures", "figures_of_deals", count=BATCH)
    yield Figure(
        "figures of one deal",
        f"{one['statements']} statements, {milliseconds(one['seconds'])}",
    )
    yield Figure(
        "figures of 1,000 deals",
        f"{many['statements']} statements, {milliseconds(many['seconds'])}",
        f"{one['statements']} statements",
        many["statements"] <= one["statements"],
    )
    all_deals = bench.ours.call("measure_1_figures", "refresh_all_deals")
    yield Figure(
        f"refreshing all {all_deals['deals']:,} deals",
        f"{milliseconds(all_deals['seconds'] / all_deals['deals'] * 1000)} per 1,000",
    )
    yield Figure(
        "  memory of the Odoo process, against its first 3,000 deals",
        f"{all_deals['memory']} MB, × {all_deals['growth']:.2f}",
        f"× {MEMORY_GROWTH}",
        all_deals["growth"] <= MEMORY_GROWTH,
    )


@measurement("settlements of deals")
def measure_settlements(bench):
    one = bench.ours.call("measure_1_figures", "settlements_of_a_deal")
    yield Figure("settlements of one deal", milliseconds(one["seconds"]))
    for title, seconds in bench.ours.call("measure_1_figures", "lists_of_settlements").items():
        is_bounded = "page" in title or bench.invoices <= INVOICES_OF_A_LIST
        yield Figure(
            f"settlements of deals: {title}",
            milliseconds(seconds),
            f"{SECONDS_OF_A_LIST} s" if is_bounded else "",
            not is_bounded or seconds <= SECONDS_OF_A_LIST,
        )


def _billed_deals(env, count):
    """Deals with invoices, spread over all."""
    env.cr.execute(
        "SELECT DISTINCT opportunity_id FROM account_move_line WHERE opportunity_id IS NOT NULL"
        " ORDER BY 1"
    )
    ids = [row[0] for row in env.cr.fetchall()]
    return env["crm.lead"].browse(ids[:: max(len(ids) // count, 1)][:count])


def figures_of_deals(env, count):
    from .inside import counted

    samples = []
    deals = _billed_deals(env, REPEATS * count if count == 1 else count)
    env["crm.lead"]._get_billing_figures()
    for repeat in range(REPEATS if count == 1 else 3):
        leads = deals[repeat] if count == 1 else deals
        leads._get_billing_figures()  # what is in the database's memory counts, for all alike
        with counted(env) as sample:
            leads._get_billing_figures()
        samples.append(sample)
    return {
        "statements": max(sample.statements for sample in samples),
        "seconds": median(sample.seconds for sample in samples),
        "least": min(sample.seconds for sample in samples),
    }


def settlements_of_a_deal(env):
    from .inside import counted

    samples = []
    for deal in _billed_deals(env, REPEATS):
        with counted(env) as sample:
            env.execute_query(env["crm.lead.settlement"]._get_lead_settlement_sql(deal))
        samples.append(sample)
    return {"seconds": median(sample.seconds for sample in samples)}


def lists_of_settlements(env):
    """As the menu opens them: the last months' first page and pivot, and a page of everything."""
    from .inside import counted

    settlements = env["crm.lead.settlement"]
    months = [["settlement_date", ">=", "today -3m"]]
    specification = {"amount": {}, "lead_id": {"fields": {"display_name": {}}}}

    def read_page(domain):
        settlements.web_search_read(domain, specification, limit=PAGE, count_limit=COUNT_LIMIT)

    seconds = {}
    for title, read in (
        ("first page of three months", lambda: read_page(months)),
        ("first page of all", lambda: read_page([])),
        (
            "pivot of three months",
            lambda: settlements._read_group(
                months, ["user_id", "settlement_date:month"], ["amount:sum"]
            ),
        ),
    ):
        read()  # what is in the database's memory counts
        env.invalidate_all()
        with counted(env) as sample:
            read()
        seconds[title] = sample.seconds
    return seconds


def refresh_all_deals(env):
    """As a scheduled action would do it: in batches, each committed."""
    import time

    from .inside import memory

    deals = env["crm.lead"].with_context(active_test=False).search([], order="id").ids
    before = None
    start = time.perf_counter()
    for position in range(0, len(deals), BATCH):
        env["crm.lead"].browse(deals[position : position + BATCH])._refresh_billing()
        env.cr.commit()
        env.invalidate_all()
        if position <= 2 * BATCH:
            before = memory(env)
    return {
        "deals": len(deals),
        "seconds": time.perf_counter() - start,
        "memory": memory(env),
        "growth": memory(env) / before,
    }


def explain_figures(env):
    from odoo.tools import SQL

    plans = {}
    for count in (1, BATCH):
        deals = _billed_deals(env, count)
        lead_ids, move_ids, line_ids = env["crm.lead.share"]._get_documents(deals)
        query = env["crm.lead"].browse(lead_ids)._get_figures_sql(move_ids, line_ids)
        rows = env.execute_query(SQL("EXPLAIN (ANALYZE, BUFFERS) %s", query))
        plans[f"Figures of {count} deals"] = "\n".join(row[0] for row in rows)
    return plans
