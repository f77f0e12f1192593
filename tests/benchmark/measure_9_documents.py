"""Posting and paying: what our addons add to what Odoo does, alternating within one run."""

from statistics import median

from .figures import Figure, measurement, milliseconds

REPEATS = 7
MORE_STATEMENTS = 3
MORE_TIME = 0.05


@measurement("posting and paying")
def measure(bench):
    for title, function, count in (
        ("posting an invoice", "post_invoices", 1),
        ("registering a payment", "pay_invoices", 1),
        ("posting 10 invoices", "post_invoices", 10),
        ("posting 100 invoices", "post_invoices", 100),
        ("paying 10 invoices at once", "pay_invoices", 10),
    ):
        yield from _compare(bench, title, function, count)


def _compare(bench, title, function, count):
    """Without our addons, with them, and with a deal on every invoice, in turns."""
    runs = {"plain": [], "ours": [], "deals": []}
    repeats = REPEATS if count == 1 else 3
    for repeat in range(repeats + 1):
        turns = [("plain", bench.plain), ("ours", bench.ours), ("deals", bench.ours)]
        # Whoever is first in one round is last in the next: a busy machine treats both alike.
        for name, worker in turns if repeat % 2 else reversed(turns):
            run = worker.call(
                "measure_4_documents", function, number=repeat, count=count, deals=name == "deals"
            )
            if repeat:  # the first one warms the caches
                runs[name].append(run)
    plain, ours, deals = (
        {key: median(run[key] for run in some) for key in ("statements", "seconds")}
        for some in runs.values()
    )
    more = ours["statements"] - plain["statements"]
    ratio = ours["seconds"] / plain["seconds"]
    yield Figure(
        f"{title}, without our addons",
        f"{plain['statements']:.0f} statements, {milliseconds(plain['seconds'])}",
    )
    yield Figure(
        "  with them, no deal touched",
        f"{more:+.0f} statements, time × {ratio:.2f}",
        f"+{MORE_STATEMENTS} statements",
        more <= MORE_STATEMENTS,
    )
    more = deals["statements"] - plain["statements"]
    yield Figure(
        "  with them, a deal on each invoice",
        f"{more:+.0f} statements, time × {deals['seconds'] / plain['seconds']:.2f}",
    )


def _draft_invoices(env, number, count, deals):
    """New invoices of as many customers; the same ones with and without our addons."""
    env.cr.execute(
        """
        SELECT partner_id, MIN(id) FROM crm_lead WHERE won_status = 'won' AND company_id = %s
         GROUP BY partner_id ORDER BY partner_id DESC
        """,
        [env.company.id],
    )
    customers = env.cr.fetchall()
    customers = [customers[(number * count + i) % len(customers)] for i in range(count)]
    product = env["product.product"].search([("name", "=like", "Product %")], limit=1)
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner_id,
                "invoice_date": "2024-01-10",
                "invoice_line_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": product.id,
                            "price_unit": price,
                            **({"opportunity_id": lead_id} if deals else {}),
                        },
                    )
                    for price in (100, 200)
                ],
            }
            for partner_id, lead_id in customers
        ]
    )
    env.cr.flush()
    env.invalidate_all()
    return invoices


def post_invoices(env, number, count, deals):
    from .inside import as_user, counted

    env = as_user(env)
    invoices = _draft_invoices(env, number, count, deals)
    with counted(env) as result:
        invoices.action_post()
    return {"statements": result.statements, "seconds": result.seconds}


def pay_invoices(env, number, count, deals):
    from .inside import as_user, counted

    env = as_user(env)
    invoices = _draft_invoices(env, number, count, deals)
    invoices.action_post()
    env.cr.flush()
    env.invalidate_all()
    with counted(env) as result:
        wizard = (
            env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"payment_date": "2024-02-10"})
        )
        wizard.action_create_payments()
    return {"statements": result.statements, "seconds": result.seconds}
