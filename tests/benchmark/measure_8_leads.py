"""Creating, assigning and converting leads: none of our addons asks the database anything."""

from statistics import median

from .figures import Figure, measurement, milliseconds

COUNT = 100
REPEATS = 3
ACTIONS = {
    f"creating {COUNT} leads": "create_leads",
    f"creating {COUNT} opportunities of customers": "create_opportunities",
    f"giving {COUNT} leads to salespeople": "give_leads",
    f"assigning {COUNT} leads to teams and members": "assign_leads",
    f"converting {COUNT} leads": "convert_leads",
}


@measurement("leads")
def measure(bench):
    workers = {"plain": bench.plain, "ours": bench.ours}
    for title, function in ACTIONS.items():
        runs = {name: [] for name in workers}
        for repeat in range(REPEATS + 1):
            for name in sorted(workers, reverse=repeat % 2):
                run = workers[name].call("measure_8_leads", function)
                if repeat:  # the first one warms the caches
                    runs[name].append(run)
        plain, ours = (
            {
                "statements": min(run["statements"] for run in some),
                "seconds": median(run["seconds"] for run in some),
            }
            for some in runs.values()
        )
        more = ours["statements"] - plain["statements"]
        yield Figure(
            f"{title}, without our addons",
            f"{plain['statements']} statements, {milliseconds(plain['seconds'])}",
        )
        yield Figure(
            "  with them",
            f"{more:+} statements, time × {ours['seconds'] / plain['seconds']:.2f}",
            "+0 statements",
            more <= 0,
        )


def _count(env, action):
    from .inside import counted

    env.invalidate_all()
    with counted(env) as result:
        action()
    return {"statements": result.statements, "seconds": result.seconds}


def create_leads(env):
    from .inside import as_user

    values = [
        {
            "type": "lead",
            "name": f"Lead {number}",
            "contact_name": f"Somebody {number}",
            "email_from": f"somebody-{number}@example.com",
            "user_id": False,
        }
        for number in range(COUNT)
    ]
    return _count(env, lambda: as_user(env)["crm.lead"].create(values))


def create_opportunities(env):
    from .inside import as_user

    env.cr.execute(
        "SELECT partner_id FROM crm_lead WHERE won_status = 'won' ORDER BY id LIMIT %s", [COUNT]
    )
    values = [
        {"type": "opportunity", "name": "Deal", "partner_id": row[0], "expected_revenue": 1000}
        for row in env.cr.fetchall()
    ]
    return _count(env, lambda: as_user(env)["crm.lead"].create(values))


def _get_leads(env):
    """Open deals of the books, made leads of nobody behind Odoo's back: nothing of it counts."""
    env.cr.execute(
        """
        UPDATE crm_lead
           SET type = 'lead', user_id = NULL, team_id = NULL, date_open = NULL,
               email_from = 'somebody-' || id || '@example.com',
               email_normalized = 'somebody-' || id || '@example.com',
               create_date = now() AT TIME ZONE 'UTC'
         WHERE id IN (
            SELECT id FROM crm_lead lead
             WHERE won_status = 'pending'
               AND NOT EXISTS (SELECT FROM sale_order WHERE opportunity_id = lead.id)
             ORDER BY id LIMIT %s)
        RETURNING id
        """,
        [COUNT],
    )
    leads = env["crm.lead"].browse(sorted(row[0] for row in env.cr.fetchall()))
    return leads, env["res.users"].search([("login", "like", "salesperson")], order="id")


def give_leads(env):
    from .inside import as_user

    env = as_user(env)
    leads, users = _get_leads(env)
    team = env["crm.team"].search([("name", "=", "Team 1")])
    return _count(env, lambda: leads._handle_salesmen_assignment(users.ids, team.id))


def assign_leads(env):
    """Odoo's bulk assignment, which draws lots: always the same ones here."""
    import random
    from unittest.mock import patch

    from odoo.modules import module

    from .inside import as_user

    env = as_user(env)
    leads, users = _get_leads(env)
    teams = env["crm.team"].search([("name", "=like", "Team %")])
    env["crm.team.member"].create(
        [
            {"user_id": user.id, "crm_team_id": teams[number % 2].id, "assignment_max": 900}
            for number, user in enumerate(users)
        ]
    )
    env.cr.flush()
    random.seed(1940)
    # It commits now and then unless it is tested.
    with patch.object(module, "current_test", True):
        result = _count(env, lambda: teams._action_assign_leads(force_quota=True))
    if not all(leads.mapped("user_id")):
        raise AssertionError("Not all leads were assigned.")
    return result


def convert_leads(env):
    from .inside import as_user

    env = as_user(env)
    leads, users = _get_leads(env)
    team = env["crm.team"].search([("name", "=", "Team 1")])
    return _count(
        env, lambda: leads.convert_opportunity(False, user_ids=users.ids, team_id=team.id)
    )
