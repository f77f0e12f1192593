"""Customers that owe: judged, flagged, excused, on hold, promising to pay."""

from odoo import Command

from .orders import let_pass


def fill(env, books):
    set_policies(env, books)
    names = (
        "Flagged Ltd",
        "Called Ltd",
        "Cured Ltd",
        "Excluded Ltd",
        "Promising Ltd",
        "On hold Ltd",
        "Never on hold Ltd",
    )
    customers = {name: books.customer(name, user_id=env.uid) for name in names}
    invoices = {
        name: books.invoice(customer, 90, (500 + number, None))
        for number, (name, customer) in enumerate(customers.items())
    }
    customers["On hold Ltd"].with_company(books.company).hold_policy = "always"
    customers["Never on hold Ltd"].with_company(books.company).hold_policy = "never"
    turned = books.customer("Turned bad Ltd", user_id=env.uid)
    for days_ago in (200, 170, 140):
        books.pay(books.invoice(turned, days_ago, (100, None)), days_ago=days_ago - 5)
    promise(env, books, customers["Promising Ltd"])
    exclude(env, books, customers["Excluded Ltd"])
    refresh(env, books)
    flag(env, books)
    call = open_flag(env, books, customers["Called Ltd"]).activity_id
    call.action_feedback("They pay on Friday.")
    assert open_flag(env, books, customers["Flagged Ltd"]).activity_id

    let_pass(env, books, customers["On hold Ltd"])

    books.pay(invoices["Cured Ltd"], days_ago=0)
    books.invoice(turned, 120, (5000, None))
    refresh(env, books)
    flag(env, books, again=True)
    assert not open_flag(env, books, customers["Cured Ltd"])
    assert env["crm.customer.health.change"].search([("partner_id", "=", turned.id)])
    env["crm.customer.health.snapshot"].sudo()._cron_take_snapshots()


def set_policies(env, books):
    """Both companies judge their customers in ways of their own."""
    other = env["res.company"].create({"name": "Second Company"})
    env.user.company_ids += other
    policies = env["crm.customer.health.policy"]._get_policy(books.company | other)
    policies.write({"window_months": 18, "payment_weight": 35, "provision_over_90_rate": 77.5})
    policy = policies.filtered(lambda policy: policy.company_id == books.company)
    policy.write(
        {
            "threshold_ids": [
                Command.create({"amount": 1, "days": 20}),
                Command.create({"amount": 400, "days": 10}),
            ],
            "fallback_user_id": env.uid,
            "escalation_days": 9,
            "minimum_items": 1,
            "order_hold": "block",
            "delivery_hold": "warn",
            "delivery_user_id": env.uid,
            "weekly_changes_sent_on": books.days(-3),
            "weekly_pending_user_ids": [Command.link(env.uid)],
        }
    )


def promise(env, books, customer):
    """One promise is running, others were kept, broken and withdrawn."""
    promises = env["crm.payment.promise"]

    def make(customer, made_on, day, amount):
        return promises.create(
            {
                "partner_id": customer.id,
                "company_id": books.company.id,
                "amount": amount,
                "made_on": books.days(made_on),
                "date": books.days(day),
                "note": "By telephone",
            }
        )

    make(customer, made_on=-5, day=7, amount=100)
    make(customer, made_on=-40, day=-30, amount=120)
    make(customer, made_on=-1, day=3, amount=80).action_withdraw()
    prompt = books.customer("Keeps its word Ltd")
    books.pay(books.invoice(prompt, 70, (300, None)), days_ago=20, amount=150)
    make(prompt, made_on=-25, day=-15, amount=150)
    states = set(promises.search([]).mapped("state"))
    assert states == {"running", "broken", "withdrawn", "kept"}, states


def exclude(env, books, customer):
    """A customer is excluded, another was for a while."""
    exclusions = env["crm.customer.flag.exclusion"].create(
        [
            {
                "partner_id": partner.id,
                "company_id": books.company.id,
                "until": books.days(60),
                "reason": "A friend of the house.",
            }
            for partner in (customer, books.customer("Excluded for a day Ltd"))
        ]
    )
    exclusions[1].action_end()


def refresh(env, books):
    env["crm.customer.health.queue"].sudo()._cron_work_off()
    env["crm.customer.health"].sudo()._refresh(books.company)


def flag(env, books, again=False):
    """What the scheduled action does in the morning."""
    runs = env["crm.customer.flag.run"].sudo()
    if again:
        runs.search([]).date = books.days(-1)
    run = runs._start(books.company)
    while not run.finished_at:
        run._do_batch()


def open_flag(env, books, customer):
    return env["crm.customer.flag"]._get_open(books.company, customer)


def leave_one_waiting(env, books):
    """What was booked at last is still to be worked off: an invoice and a payment."""
    customer = books.customer("Waiting Ltd")
    invoice = books.invoice(customer, 20, (640, None))
    env.cr.flush()
    refresh(env, books)
    books.pay(invoice, days_ago=0, amount=240)
    env.cr.flush()
    health = env["crm.customer.health"].search([("partner_id", "=", customer.id)])
    assert health.open_amount == 640, health.open_amount
    assert env["crm.customer.health.queue"].sudo().search([("partner_id", "=", customer.id)])
