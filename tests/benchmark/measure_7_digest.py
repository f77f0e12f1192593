"""Odoo's digest: three periods, each compared with the one before it."""

from .figures import Figure, measurement

KPIS = (
    "kpi_overdue_customers",
    "kpi_newly_at_risk",
    "kpi_cured_customers",
    "kpi_cash_received",
)


@measurement("digest")
def measure(bench):
    for recipients in (1, 10):
        sent = bench.ours.call("measure_7_digest", "send", recipients=recipients)
        yield Figure(
            f"sending the digest to {recipients}, with our {len(KPIS)} figures",
            f"{sent['seconds']:,.1f} s, {sent['statements']} statements",
            "sent",
            sent["mails"] == recipients,
        )


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
    mails = env["mail.mail"].search_count([("email_to", "like", "recipient-")])
    env.cr.rollback()
    return {"mails": mails, "statements": count.statements, "seconds": count.seconds}
