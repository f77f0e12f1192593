"""What customers are worth: cost frozen for a batch, models fitted, profit by customer."""

from .figures import Figure, measurement

#: Documents frozen at once, and statements that it may take whatever their number.
BATCH = 200
STATEMENTS = 6
#: Customers that are fitted and predicted, and seconds for it.
CUSTOMERS = 100_000
SECONDS = 20
#: What a person waits for.
PIVOT_SECONDS = 2
PIVOT_INVOICES = 200_000


@measurement("what customers are worth")
def measure(bench):
    frozen = bench.ours.call("measure_10_value", "freeze")
    yield Figure(
        f"cost of {frozen['documents']} documents frozen at once",
        f"{frozen['statements']} statements, {frozen['seconds']:,.2f} s",
        f"{STATEMENTS} statements",
        frozen["statements"] <= STATEMENTS,
    )
    history = bench.ours.call("measure_10_value", "fill_history")
    yield Figure(
        f"cost of all {history['documents']:,} documents, as at installation",
        f"{history['seconds']:,.1f} s",
    )
    fitted = bench.ours.call("measure_10_value", "fit")
    yield Figure(
        f"{CUSTOMERS:,} generated customers fitted and predicted",
        f"{fitted['fit']:,.1f} + {fitted['predict']:,.1f} s",
        f"{SECONDS} s",
        fitted["fit"] + fitted["predict"] <= SECONDS,
    )
    value = bench.ours.call("measure_10_value", "compute")
    yield Figure(
        f"value of {value['customers']:,} customers of the books", f"{value['seconds']:,.1f} s"
    )
    pivot = bench.ours.call("measure_10_value", "pivot")
    is_bound = pivot["documents"] <= PIVOT_INVOICES * 1.5
    yield Figure(
        f"profit by customer, pivot of a year ({pivot['documents']:,} documents in all)",
        f"{pivot['seconds']:,.2f} s",
        f"{PIVOT_SECONDS} s" if is_bound else "",
        not is_bound or pivot["seconds"] <= PIVOT_SECONDS,
    )


def freeze(env):
    from .inside import counted

    moves = env["account.move"].search(
        [("move_type", "=", "out_invoice"), ("state", "=", "posted")], limit=BATCH, order="id desc"
    )
    costs = env["account.invoice.cost"]
    costs._freeze(moves[:1].ids)
    with counted(env) as count:
        costs._freeze(moves.ids)
    env.cr.rollback()
    return {
        "documents": len(moves),
        "statements": count.statements,
        "seconds": count.seconds,
    }


def fill_history(env):
    from .inside import counted

    costs = env["account.invoice.cost"]
    position = 0
    with counted(env) as count:
        while position is not None:
            position = costs._on_all_receivables_changed(0, position)
            env.cr.commit()
    return {"documents": _count_documents(env), "seconds": count.seconds}


def fit(env):
    """Customers that buy and leave as the model says, fitted on a sample as everywhere."""
    import random
    import time

    from odoo.addons.crm_customer_value.lifetime import bgnbd
    from odoo.addons.crm_customer_value.models.crm_customer_value import SAMPLE

    chance = random.Random(1)
    customers = []
    for __ in range(CUSTOMERS):
        age = chance.randint(1, 156)
        rate, leaves = chance.gammavariate(0.243, 1 / 4.414), chance.betavariate(0.793, 2.426)
        count = last = now = 0
        while (now := now + chance.expovariate(max(rate, 1e-9))) <= age:
            count, last = count + 1, now
            if chance.random() < leaves:
                break
        customers.append((count, round(last), age))
    start = time.perf_counter()
    parameters, __ = bgnbd.fit(chance.sample(customers, SAMPLE))
    fitted = time.perf_counter()
    values = env["crm.customer.value"]
    model, known = {"method": "fitted", **parameters._asdict()}, {}
    for customer in customers:
        if customer not in known:
            known[customer] = values._get_purchases(model, 0.0, customer, 3)
    return {"fit": fitted - start, "predict": time.perf_counter() - fitted}


def compute(env):
    from .inside import counted

    policies = env["crm.customer.health.policy"]
    policies = policies._get_policy(policies._get_companies())
    with counted(env) as count:
        for policy in policies:
            env["crm.customer.value"]._compute_company(policy)
    env.cr.commit()
    return {"customers": env["crm.customer.value"].search_count([]), "seconds": count.seconds}


def pivot(env):
    from .inside import as_user, counted

    report = as_user(env)["crm.customer.profit.report"]
    measures = ["revenue", "revenue_without_cost", "cost", "margin", "service_amount", "profit"]
    [(newest,)] = report._read_group([], [], ["date:max"])
    since = newest.replace(year=newest.year - 1)
    with counted(env) as count:
        report.formatted_read_group(
            [("date", ">", since)], ["partner_id"], [f"{name}:sum" for name in measures]
        )
    return {"documents": _count_documents(env), "seconds": count.seconds}


def _count_documents(env):
    types = ["out_invoice", "out_refund", "out_receipt"]
    return env["account.move"].search_count([("move_type", "in", types), ("state", "=", "posted")])
