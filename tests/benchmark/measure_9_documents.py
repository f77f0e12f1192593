"""Posting and paying: what our addons add to what Odoo does, in turns within one run.

Measured last: the documents are booked for good, so that each of them is posted or paid in a
transaction of its own, as in real life; only that transaction is undone.
"""

from itertools import cycle, islice
from statistics import median

from .figures import Figure, measurement, milliseconds

#: What a transaction may cost more with our addons, whatever the number of documents: the keys of
#: each reader of changes in one statement, and what it takes to trigger the scheduled action once.
#: One more for each further addon that listens.
MORE_STATEMENTS = 4
#: The most documents in one transaction.
COUNT = 100
#: Documents in one transaction: how often it is repeated.
REPEATS = {1: 7, 10: 3, COUNT: 1}
#: States of a document, and in which databases it exists.
STATES = {
    "no deal": ("plain", "ours"),
    "a deal on each": ("ours",),
    "of orders": ("plain",),
    "of orders of deals": ("ours",),
}
#: States without our addons, and those with them that are held against each.
COMPARED = {"no deal": ("no deal", "a deal on each"), "of orders": ("of orders of deals",)}
ACTIONS = (
    ("posting an invoice", "post", 1),
    ("posting 10 invoices", "post", 10),
    (f"posting {COUNT} invoices", "post", COUNT),
    ("registering a payment", "pay", 1),
    ("paying 10 invoices at once", "pay", 10),
    (f"paying {COUNT} invoices at once", "pay", COUNT),
)


@measurement("posting and paying")
def measure(bench):
    workers = {"plain": bench.plain, "ours": bench.ours}
    documents = {
        (name, state): workers[name].call(
            "measure_9_documents", "prepare", state=state, addons=bench.addons
        )
        for state, names in STATES.items()
        for name in names
    }
    for title, action, count in ACTIONS:
        runs = _run_in_turns(workers, documents, action, count)
        for plain_state, our_states in COMPARED.items():
            plain = runs["plain", plain_state]
            yield Figure(
                f"{title}, {plain_state}, without our addons",
                f"{plain['statements']:.0f} statements, {milliseconds(plain['seconds'])}",
            )
            for state in our_states:
                ours = runs["ours", state]
                more = ours["statements"] - plain["statements"]
                if state == "a deal on each":
                    # Beside fields of ours Odoo needs a statement less for each payment. Nothing
                    # of a deal may hide in that: it is held against no deal with our addons, too.
                    more = max(more, ours["statements"] - runs["ours", "no deal"]["statements"])
                yield Figure(
                    f"  with them, {state}",
                    f"{more:+.0f} statements, time × {ours['seconds'] / plain['seconds']:.2f}",
                    f"+{MORE_STATEMENTS} statements",
                    more <= MORE_STATEMENTS,
                )


def _run_in_turns(workers, documents, action, count):
    """Medians by database and state."""
    runs = {key: [] for key in documents}
    # The first one warms the caches; where there are many, those of one did.
    warming = count == 1
    for repeat in range(REPEATS[count] + warming):
        # Whoever is first in one round is last in the next: a busy machine treats both alike.
        for key in list(runs)[:: 1 if repeat % 2 else -1]:
            ids = documents[key][action]
            start = repeat * count % len(ids)
            run = workers[key[0]].call(
                "measure_9_documents", action, invoice_ids=ids[start : start + count]
            )
            if repeat >= warming:
                runs[key].append(run)
    return {
        key: {name: median(run[name] for run in some) for name in ("statements", "seconds")}
        for key, some in runs.items()
    }


def prepare(env, state, addons):
    """Invoices to post and invoices to pay, the same ones in all databases."""
    from odoo.fields import Command

    from .inside import as_user, work_off

    env = as_user(env)
    if state.startswith("of orders"):
        env.cr.execute(
            """
            SELECT sale.id FROM sale_order sale
             WHERE company_id = %s AND invoice_status = 'to invoice' AND opportunity_id IS NOT NULL
               AND NOT EXISTS (
                    SELECT FROM sale_order_line
                     WHERE order_id = sale.id AND qty_to_invoice > 0 AND qty_invoiced > 0)
             ORDER BY id DESC LIMIT %s
            """,
            [env.company.id, 2 * COUNT],
        )
        orders = env["sale.order"].browse([row[0] for row in env.cr.fetchall()])
        invoices = orders._create_invoices(grouped=True)
        invoices.invoice_date = "2024-01-10"
    else:
        env.cr.execute(
            """
            SELECT partner_id, MIN(id) FROM crm_lead WHERE won_status = 'won' AND company_id = %s
             GROUP BY partner_id ORDER BY partner_id DESC LIMIT %s
            """,
            [env.company.id, 2 * COUNT],
        )
        customers = env.cr.fetchall()
        product = env["product.product"].search([("name", "=like", "Product %")], limit=1)
        has_deal = state == "a deal on each"
        invoices = env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner_id,
                    "invoice_date": "2024-01-10",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "price_unit": price,
                                **({"opportunity_id": lead_id} if has_deal else {}),
                            }
                        )
                        for price in (100, 200)
                    ],
                }
                for partner_id, lead_id in islice(cycle(customers), 2 * COUNT)
            ]
        )
    to_post, to_pay = invoices[::2], invoices[1::2]
    to_pay.action_post()
    env.cr.commit()
    # What waits since then is nothing that is measured.
    work_off(env(user=1, context={}), addons)
    return {"post": to_post.ids, "pay": to_pay.ids}


def post(env, invoice_ids):
    from .inside import as_user, counted

    invoices = as_user(env)["account.move"].browse(invoice_ids)
    with counted(env) as result:
        invoices.action_post()
    return {"statements": result.statements, "seconds": result.seconds}


def pay(env, invoice_ids):
    from .inside import as_user, counted

    env = as_user(env)
    with counted(env) as result:
        wizard = (
            env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice_ids)
            .create({"payment_date": "2024-02-10"})
        )
        wizard.action_create_payments()
    return {"statements": result.statements, "seconds": result.seconds}
