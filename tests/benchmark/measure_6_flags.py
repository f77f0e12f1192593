"""Flags to Sales: all overdue customers in one run, once more, and all cured."""

from .figures import Figure, measurement

#: What a batch of 500 customers may cost, and what the first one may need to know besides.
BATCH = 500
STATEMENTS_OF_A_BATCH = 100
STATEMENTS_TO_BEGIN = 200


@measurement("flags to Sales")
def measure(bench):
    first = bench.ours.call("measure_6_flags", "flag_all")
    batches = -(-first["customers"] // BATCH)
    yield Figure(
        f"flagging {first['flagged']:,} overdue customers in one run",
        f"{first['seconds']:,.1f} s, {first['statements']} statements,"
        f" {first['statements'] / max(batches, 1):.0f} a batch of {BATCH}",
        f"{STATEMENTS_OF_A_BATCH} a batch and {STATEMENTS_TO_BEGIN}, and all flagged",
        first["statements"] <= STATEMENTS_OF_A_BATCH * batches + STATEMENTS_TO_BEGIN
        and first["flagged"] == first["customers"] > 0,
    )
    yield Figure(
        "  memory of the Odoo process, against before",
        f"{first['memory']} MB, × {first['growth']:.2f}",
    )
    again = bench.ours.call("measure_6_flags", "flag_all")
    yield Figure(
        "once more",
        f"{again['flagged'] + again['changed']} new or changed, {again['seconds']:,.1f} s,"
        f" {again['statements']} statements",
        "nothing new",
        not again["flagged"] and not again["changed"],
    )


def flag_all(env):
    """As the scheduled action does it in the morning, every amount overdue for a day counting."""
    from odoo.fields import Command

    from .inside import counted, memory

    policies = env["crm.customer.health.policy"]
    policies = policies._get_policy(policies._get_companies())
    if not policies.threshold_ids:
        admin = env.ref("base.user_admin")
        policies.write(
            {
                "threshold_ids": [Command.create({"amount": 0.01, "days": 1})],
                "flags_per_morning": 0,
                "fallback_user_id": admin.id,
            }
        )
        env["crm.customer.health"]._refresh(policies.company_id)
        env.cr.commit()
    customers = env["crm.customer.health"].search_count([("needs_action", "=", True)])
    before = memory(env)
    flagged = changed = 0
    with counted(env) as count:
        for company in policies.company_id:
            run = env["crm.customer.flag.run"]._start(company)
            while not run.finished_at:
                run._do_batch()
                env.cr.commit()
                env.invalidate_all()
            flagged += run.flagged_count
            changed += run.changed_count
    env.cr.commit()
    return {
        "customers": customers,
        "flagged": flagged,
        "changed": changed,
        "seconds": count.seconds,
        "statements": count.statements,
        "memory": memory(env),
        "growth": memory(env) / before,
    }
