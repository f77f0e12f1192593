"""Odoo's digest: three periods, each compared with the one before it."""

from .figures import Figure, measurement

KPIS = (
    "kpi_overdue_customers",
    "kpi_newly_at_risk",
    "kpi_cured_customers",
    "kpi_cash_received",
)


#: Seconds that our figures may add, for any number of recipients.
ADDED = 1


@measurement("digest")
def measure(bench):
    kept = bench.ours.call("measure_7_digest", "keep")
    yield Figure(
        f"keeping {kept['days']} days for the digest, once; then one every night",
        f"{kept['first']:,.1f} s; {kept['night']:,.1f} s",
    )
    for recipients in (1, 10):
        sent = bench.ours.call("measure_7_digest", "send", recipients=recipients)
        added = sent["seconds"] - sent["without"]
        yield Figure(
            f"our {len(KPIS)} figures in a digest to {recipients}",
            f"{added:,.1f} s of {sent['seconds']:,.1f} s, {sent['statements']} statements",
            f"{ADDED} s",
            added <= ADDED and sent["mails"] == 2 * recipients,
        )


def keep(env):
    """As the nights do: all customers are computed, then the days that are over are kept."""
    from .inside import counted

    env["crm.customer.health.norm"].search([]).as_of_date = False
    env["crm.customer.health"]._cron_refresh()
    days = env["crm.customer.company.day"]
    with counted(env) as first:
        days._cron_keep()
    count = days.search_count([])
    days.search([], order="date desc", limit=1).unlink()
    with counted(env) as night:
        days._cron_keep()
    return {"days": count, "first": first.seconds, "night": night.seconds}


def send(env, recipients):
    from odoo.fields import Command

    from .inside import counted

    users = env["res.users"].create(
        [
            {
                "name": f"Recipient {number}",
                "login": f"recipient-{number}",
                "email": f"recipient-{number}@example.com",
                "group_ids": [Command.link(env.ref("account.group_account_invoice").id)],
            }
            for number in range(recipients)
        ]
    )
    digest = env["digest.digest"].create(
        {
            "name": "Digest of the Benchmark",
            "user_ids": [Command.set(users.ids)],
            **dict.fromkeys(KPIS, True),
        }
    )
    with counted(env) as count:
        digest.action_send_manual()
    digest.write(dict.fromkeys(KPIS, False))
    with counted(env) as without:
        digest.action_send_manual()
    mails = env["mail.mail"].search_count([("email_to", "like", "recipient-")])
    env.cr.rollback()
    return {
        "mails": mails,
        "statements": count.statements,
        "seconds": count.seconds,
        "without": without.seconds,
    }
