"""Forms of something else that show a customer's badge: opened, and while they are edited."""

from .figures import Figure, measurement, milliseconds
from .measure_7_customers import LARGE, find_large

REPEATS = 9
MORE_STATEMENTS = 2
MORE_SECONDS = 0.005
#: The diagnosis of a customer with thousands of instalments, as somebody opens it.
SECONDS_OF_A_DIAGNOSIS = 0.3
#: By what it is called: the model, and what its form asks beside the badge: an opportunity for its
#: invoices, and whether figures wait.
FORMS = {
    "invoice": ("account.move", 0),
    "order": ("sale.order", 0),
    "opportunity": ("crm.lead", 2),
}


@measurement("badges")
def measure(bench):
    instalments, still_open = LARGE[-1]
    customer = {"instalments": instalments, "still_open": still_open}
    bench.ours.call("inside", "work_off", addons=bench.addons)
    opened = bench.ours.call("measure_7_badges", "open_diagnosis", **customer)
    yield Figure(
        f"diagnosis of a customer with {instalments:,} instalments",
        f"{opened['statements']} statements, {milliseconds(opened['seconds'])}",
        f"{SECONDS_OF_A_DIAGNOSIS} s",
        opened["seconds"] <= SECONDS_OF_A_DIAGNOSIS,
    )
    for title, (model, others) in FORMS.items():
        most = MORE_STATEMENTS + others
        plain, ours = (
            worker.call("measure_7_badges", "use_form", model=model, **customer)
            for worker in (bench.plain, bench.ours)
        )
        for action in ("open", "edit"):
            statements = ours[action]["statements"] - plain[action]["statements"]
            seconds = ours[action]["seconds"] - plain[action]["seconds"]
            yield Figure(
                f"{action} a form of this customer: {title}",
                f"{plain[action]['statements']} {statements:+} statements,"
                f" {milliseconds(plain[action]['seconds'])} {seconds * 1000:+,.1f} ms",
                f"{most:+} statements, {MORE_SECONDS * 1000:+.0f} ms",
                statements <= most and seconds <= MORE_SECONDS,
            )


def _get_specification(records):
    fields = records.get_views([[False, "form"]])["models"][records._name]["fields"]
    return {
        name: {"fields": {"display_name": {}}} if records._fields[name].type == "many2one" else {}
        for name in fields
        if name in records._fields
    }


def _least(env, action):
    """The quickest of several: other work on the machine is no work of ours."""
    from .inside import counted

    samples = []
    for repeat in range(REPEATS + 1):
        env.invalidate_all()
        with counted(env, flush=False) as count:
            action()
        if repeat:  # the first one warms the caches of views, rights and translations
            samples.append(count)
    return {
        "statements": min(count.statements for count in samples),
        "seconds": min(count.seconds for count in samples),
    }


def open_diagnosis(env, instalments, still_open):
    from .inside import as_user

    env = as_user(env)
    company_id, partner_id = find_large(env, instalments, still_open)
    row = env["crm.customer.health"].search(
        [("company_id", "=", company_id), ("partner_id", "=", partner_id)]
    )
    row.ensure_one()
    specification = _get_specification(row)
    return _least(env, lambda: row.web_read(specification))


def use_form(env, model, instalments, still_open):
    """A document of the customer; of those that it has none of, one that is given to it."""
    from .inside import as_user

    env = as_user(env)
    company_id, partner_id = find_large(env, instalments, still_open)
    record = env[model].search(
        [("company_id", "=", company_id), ("partner_id", "=", partner_id)], order="id", limit=1
    )
    if not record:
        record = env[model].search([("company_id", "=", company_id)], order="id", limit=1)
        record.partner_id = partner_id
        env.cr.flush()
    specification = _get_specification(record)
    values = {"partner_id": partner_id}
    result = {
        "open": _least(env, lambda: record.web_read(specification)),
        "edit": _least(env, lambda: record.onchange(values, ["partner_id"], specification)),
    }
    env.cr.rollback()
    return result
