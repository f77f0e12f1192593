"""Views of deals: as many statements for 10 rows as for 1,000."""

from statistics import median

from .figures import Figure, measurement, milliseconds

FEW, MANY = 10, 1000
#: Fields by which people group deals; all are stored.
GROUP_BY = ["billing_status", "user_id", "stage_id", "next_due_date:month"]
AGGREGATES = ["invoiced_total:sum", "paid_total:sum", "due_total:sum", "overdue_total:sum"]
FILTERS = [("due_total", ">", 0), ("billing_status", "=", "overdue")]


@measurement("lists of deals")
def measure(bench):
    for view in ("list", "kanban"):
        results = {
            name: [
                worker.call("measure_3_lists", "read_view", view=view, count=count)
                for count in (FEW, MANY)
            ]
            for name, worker in (("plain", bench.plain), ("ours", bench.ours))
        }
        few, many = results["ours"]
        yield Figure(
            f"{view} of deals, {FEW} and {MANY:,} rows",
            f"{few['statements']} and {many['statements']} statements,"
            f" {milliseconds(many['seconds'])}",
            "not more",
            many["statements"] <= few["statements"],
        )
        few, many = results["plain"]
        yield Figure(
            "  without our addons",
            f"{few['statements']} and {many['statements']} statements,"
            f" {milliseconds(many['seconds'])}",
        )
    for group_by in GROUP_BY:
        grouped = bench.ours.call("measure_3_lists", "group_deals", group_by=group_by)
        yield Figure(
            f"all deals grouped by {group_by}",
            f"{grouped['statements']} statements, {milliseconds(grouped['seconds'])}",
        )
    for field, operator, value in FILTERS:
        found = bench.ours.call(
            "measure_3_lists", "search_deals", domain=[[field, operator, value]]
        )
        yield Figure(
            f"deals with {field} {operator} {value}: first page of {found['rows']:,}",
            f"{found['statements']} statements, {milliseconds(found['seconds'])}",
        )


def _measure(env, action, repeats=3):
    from .inside import counted

    samples = []
    for repeat in range(repeats + 1):
        env.invalidate_all()
        with counted(env) as count:
            action()
        if repeat:  # the first one warms the caches of views, rights and translations
            samples.append(count)
    return {
        "statements": max(sample.statements for sample in samples),
        "seconds": median(sample.seconds for sample in samples),
    }


def _specification(leads, view):
    """The fields that the view asks for."""
    fields = leads.get_views([[False, view]])["models"]["crm.lead"]["fields"]
    names = {"fields": {"display_name": {}}}
    return {
        name: names if leads._fields[name].relational else {}
        for name in fields
        if name in leads._fields
    }


def read_view(env, view, count):
    from .inside import as_user

    env = as_user(env)
    Lead = env["crm.lead"]
    specification = _specification(Lead, view)
    domain = [["type", "=", "opportunity"]]
    return _measure(env, lambda: Lead.web_search_read(domain, specification, limit=count))


def group_deals(env, group_by):
    from .inside import as_user

    env = as_user(env)
    Lead = env["crm.lead"]
    return _measure(env, lambda: Lead.formatted_read_group([], [group_by], AGGREGATES))


def search_deals(env, domain):
    from .inside import as_user

    env = as_user(env)
    Lead = env["crm.lead"]
    specification = _specification(Lead, "list")
    result = _measure(env, lambda: Lead.web_search_read(domain, specification, limit=80))
    return {**result, "rows": Lead.search_count(domain)}
