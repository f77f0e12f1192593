"""Accounting, people and schedulers at the same deals: nobody disturbs anybody, all is right."""

import json
import os
import random
import signal
import time

import pytest

from environment.databases import Databases
from environment.paths import TESTS, checkout_key, log_file
from faults.deal_actors import DEALS, ROUNDS
from faults.test_customer_health import Actors

ACCOUNTANTS = 6
SALESPEOPLE = 2
SECONDS = 240

PREPARE = """
income = env["account.journal"].search([("type", "=", "sale")], limit=1).default_account_id
for number in range(%d):
    env["account.journal"].create(
        [
            {
                "name": f"Sales {number}",
                "code": f"FLT{number}",
                "type": "sale",
                "default_account_id": income.id,
            },
            {"name": f"Bank {number}", "code": f"FLB{number}", "type": "bank"},
        ]
    )
    env["res.partner"].create({"name": f"Faults {number}", "ref": f"faults {number}"})
for number in range(%d):
    env["crm.lead"].create(
        {
            "name": f"Faults {number}",
            "type": "opportunity",
            "company_id": env.company.id,
            "user_id": env.ref("base.user_admin").id,
        }
    )
env["ir.cron"].search([]).active = False
env.cr.commit()
"""

#: An accountant's transaction begins, somebody else writes the deal, the accountant pays.
TWO_TRANSACTIONS = """
import json
from odoo.modules.registry import Registry
from faults.deal_actors import find_deals, pay, post

def begin(cr):
    cr.execute("SELECT 1 FROM crm_lead")
    return env(cr=cr)

def save(cr, name):
    find_deals(env(cr=cr))[0].name = name

def follow(cr, name):
    env(cr=cr)["crm.lead"]._cron_read_changes()

registry = Registry(env.cr.dbname)
values = {
    "move_type": "out_invoice",
    "partner_id": env["res.partner"].search([("ref", "=", "faults 0")]).id,
    "invoice_date": "2024-01-15",
    "invoice_line_ids": [
        (0, 0, {"name": "Line", "price_unit": 100, "tax_ids": False,
                "opportunity_id": find_deals(env)[0].id})
    ],
}
bank = env["account.journal"].search([("code", "=", "FLB0")])
invoices = env["account.move"]
# Nobody's failure is told: an exception ends this program.
for name, disturb in (("Faults 0, saved", save), ("Faults 0, followed", follow)):
    with registry.cursor() as accountant_cr, registry.cursor() as other_cr:
        accountant = begin(accountant_cr)
        disturb(other_cr, name)
        other_cr.commit()
        invoice = post(accountant, values)
        accountant_cr.commit()
        begin(accountant_cr)
        accountant.invalidate_all()
        disturb(other_cr, name + " again")
        other_cr.commit()
        pay(invoice, bank.with_env(accountant), 0.5)
        accountant_cr.commit()

# Somebody is saving the deal while the scheduler comes: it is left for later, and is no failure.
def state():
    with registry.cursor() as cr:
        deal = find_deals(env(cr=cr))[0]
        rows = env(cr=cr)["account.receivable.change"].search([("reader", "=", "crm.lead")])
        return [deal.paid_total, deal.is_billing_waiting, any(rows.mapped("failure")),
                env(cr=cr)["crm.stage.change.failure"].search_count([])]

with registry.cursor() as cr:
    find_deals(env(cr=cr))[0].name = "Faults 0, being saved"
    env(cr=cr).flush_all()
    with registry.cursor() as scheduler_cr:
        env(cr=scheduler_cr)["crm.lead"]._cron_read_changes()
        scheduler_cr.commit()
    held = state()
    cr.commit()
with registry.cursor() as scheduler_cr:
    env(cr=scheduler_cr)["crm.lead"]._cron_read_changes()
    scheduler_cr.commit()
print("RESULT " + json.dumps({"held": held, "after": state()}))
"""

#: What is stored, against the journals read plainly and against a computation from scratch.
COMPARE = """
import json
from faults.deal_actors import find_deals
env["crm.lead"]._cron_read_changes()
deals = find_deals(env)
fresh = deals._get_billing_values()
invoices = env["account.move"].search(
    [
        ("partner_id.ref", "like", "faults"),
        ("state", "=", "posted"),
        ("move_type", "=", "out_invoice"),
    ]
)
changes = env["account.receivable.change"].search([("reader", "=", "crm.lead")])
print("RESULT " + json.dumps({
    "invoices": len(invoices),
    "invoiced": [sum(invoices.mapped("amount_total")), sum(deals.mapped("invoiced_total"))],
    "due": [sum(invoices.mapped("amount_residual")), sum(deals.mapped("due_total"))],
    "different": [
        (deal.name, name)
        for deal in deals
        for name, value in fresh[deal.id].items()
        if deal._fields[name].convert_to_write(deal[name], deal) != value
    ],
    "followed": sum(deal.billing_status == deal.followed_billing_status for deal in deals),
    "waiting": len(changes),
    "refused": env["crm.stage.change.failure"].search_count([]),
}))
"""


@pytest.fixture(scope="module")
def database(environment):
    databases = Databases(environment)
    name = f"faults_deals_{checkout_key()}"
    databases.copy(databases.template(demo=True), name)
    databases.install(name, ["crm_accounting_bridge"], demo=False, log=log_file("faults-install"))
    environment.shell(name, PREPARE % (ACCOUNTANTS, DEALS))
    yield name
    databases.drop(name)


def run(environment, database, script):
    output = environment.shell(database, f"import sys\nsys.path.append({str(TESTS)!r})\n{script}")
    return json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0])


def test_accounting_meets_whoever_writes_the_deal(environment, database):
    """Today's failure: could not serialize access due to concurrent update."""
    result = run(environment, database, TWO_TRANSACTIONS)
    assert result["held"] == [50.0, True, False, 0]
    assert result["after"] == [100.0, False, False, 0]


def test_many_at_once(environment, in_all_addons, database):
    """Six accountants, two salespeople, two schedulers, which are killed now and then."""
    dice = random.Random(19)
    actors = Actors(environment, database)
    try:
        people = {actors.ask(f"deal_actors.accountant {n}") for n in range(ACCOUNTANTS)}
        accountants = set(people)
        people |= {actors.ask(f"deal_actors.salesperson {n}") for n in range(SALESPEOPLE)}
        schedulers = [actors.ask(f"deal_actors.scheduler {n}") for n in range(2)]
        ended, killed = {}, set()
        deadline = time.monotonic() + SECONDS
        while not people <= ended.keys():
            assert time.monotonic() < deadline, f"still at work; see {actors.log}"
            time.sleep(dice.uniform(0.5, 3))
            process = schedulers.pop(0)
            if process not in ended:
                os.kill(process, signal.SIGKILL)
            killed.add(process)
            ended |= {int(process): status for process, status in actors.ask("wait").items()}
            schedulers.append(actors.ask("deal_actors.scheduler 0"))
        for process in schedulers:
            os.kill(process, signal.SIGKILL)
        log = actors.log.read_text()
        assert {ended[process] for process in people} == {0}, log
        # No scheduler failed by itself, and no accountant had to begin anew because of a deal.
        assert all(ended[process] == -signal.SIGKILL for process in killed & ended.keys()), log
        assert not [
            line
            for line in log.splitlines()
            if "bad query" in line
            and ("crm_lead" in line or "account_receivable_change" in line)
            and any(f" {process} ERROR" in line for process in accountants)
        ]
    finally:
        actors.stop()
    result = run(environment, database, COMPARE)
    assert result["invoices"] == ACCOUNTANTS * ROUNDS + 2
    assert result["invoiced"][0] == pytest.approx(result["invoiced"][1]) and result["due"][0] > 0
    assert result["due"][0] == pytest.approx(result["due"][1])
    assert result["different"] == []
    assert (result["followed"], result["waiting"], result["refused"]) == (DEALS, 0, 0)
