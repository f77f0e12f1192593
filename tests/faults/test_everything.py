"""All our addons at work, while processes are killed, sessions are cut, and the server crashes.

In the end *Verify* finds nothing, and nothing was done twice.
"""

import json
import os
import random
import signal
import time

import pytest

from environment.console import SetupError
from environment.databases import Databases
from environment.paths import TESTS, checkout_key
from environment.postgres import PrivateServer
from faults.everything_actors import CUSTOMERS, DEALS
from faults.test_customer_health import PREPARE, Actors
from support.own_database_server import bring_over, on_server, started

ACCOUNTANTS, SALESPEOPLE, SCHEDULERS = 4, 2, 2
#: A longer soak: FAULTS_SECONDS=3600 setup/test tests/faults/test_everything.py
SECONDS = int(os.environ.get("FAULTS_SECONDS", "60"))
FAULTS = 500
#: On a slow machine it takes longer until there were so many.
LONGEST = 5 * SECONDS

PREPARE_MORE = """
for number in range(%d):
    env["res.partner"].search([("ref", "=", f"faults {number}")]) or env["res.partner"].create(
        {"name": f"Faults {number}", "ref": f"faults {number}"}
    )
for number in range(%d):
    env["crm.lead"].create(
        {
            "name": f"Faults {number}",
            "type": "opportunity",
            "company_id": env.company.id,
            "user_id": env.ref("base.user_admin").id,
        }
    )
env["product.product"].create(
    {"name": "Faults", "default_code": "FAULTS", "type": "service", "standard_price": 5}
)
env["crm.commission.plan"].create(
    {
        "name": "Faults",
        "company_id": env.company.id,
        "rate": 10,
        "date_from": "2024-01-01",
        "assignment_ids": [(0, 0, {"user_id": env.ref("base.user_admin").id})],
    }
).action_approve()
env.cr.commit()
"""

#: After the last fault: everything that waits is done, then all is recomputed plainly.
SETTLE = """
import json
from faults.everything_actors import find_actions, run
env.cr.execute("SET statement_timeout = 0")
actions = find_actions(env)
# All are computed as when a day begins: the company's clocks were set to another zone.
env["crm.customer.health.norm"].search([("id", "!=", False)]).as_of_date = False
env.cr.commit()
# One whose runs were killed is passed over once, in Odoo.
for _round in range(4):
    for action in actions:
        assert not (told := run(env, action)), told
        env.cr.commit()  # what it did was done in another transaction
# What commission was booked is what everything computed anew says: nothing is left to correct.
events = env["crm.commission.event"]
booked = events.search_count([("id", "!=", False)])
events._collect_everything(env.company)
env.cr.commit()
env["account.receivable.change"]._work_off_all(events._name)
env.cr.commit()
runs = env["account.receivable.verification"]
# Those that were asked for while everybody was at work say what waited then.
runs.search([("state", "in", ("waiting", "running"))]).action_cancel()
verified = runs._request(env["res.company"].search([]), env.user)
env.cr.commit()
while verified.state in ("waiting", "running"):
    runs._cron_verify()
    env.cr.commit()
    env.invalidate_all()

def twice(table, columns, condition="TRUE"):
    env.cr.execute(
        f"SELECT {columns}, COUNT(*) FROM {table} WHERE {condition} GROUP BY {columns}"
        " HAVING COUNT(*) > 1"
    )
    return [list(map(str, row)) for row in env.cr.fetchall()]

changes = env["account.receivable.change"].search([])
print("RESULT " + json.dumps({
    "state": verified.state,
    "checked": verified.checked_count,
    "differences": verified.difference_count,
    "in detail": [
        [row.check, row.name, row.value, *(row[f"{side}_{kind}"] for side in ("kept", "recomputed")
         for kind in ("amount", "text"))]
        for row in verified.difference_ids
    ][:20],
    "being updated": {
        row.name: row.waiting_count for row in verified.check_ids if row.waiting_count
    },
    "not verified": verified.failed_count,
    "waiting": len(changes),
    "flagged twice": twice("crm_customer_flag", "company_id, partner_id", "closed_on IS NULL"),
    "told twice": twice(
        "mail_activity", "res_id, user_id, activity_type_id", "res_model = 'crm.customer.health'"
    ),
    "commission events": booked,
    "commission corrected": events.search_count([("id", "!=", False)]) - booked,
    "mailed twice": twice("mail_mail", "email_to, body_html"),
    "invoices": env["account.move"].search_count([("journal_id.code", "like", "FLT")]),
    "open": sum(
        env["crm.customer.health"]
        .search([("partner_id.ref", "like", "faults")])
        .mapped("open_amount")
    ),
}))
"""
VICTIMS = """
SELECT pid FROM pg_stat_activity
 WHERE datname = '%s' AND pid != pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture
def own_server(environment):
    """A database server that may crash: nobody else is on it."""
    server = PrivateServer(environment.postgres.programs, name="postgres-faults")
    with started(server):
        yield server


@pytest.fixture
def own_environment(environment, own_server):
    return on_server(environment, own_server)


@pytest.fixture
def database(environment, own_environment):
    """All our addons on demo data, brought over from the checkout's server."""
    source = Databases(environment).template(demo=True, with_ours=True)
    name = f"everything_{checkout_key()}"
    bring_over(environment, source, own_environment, name)
    own_environment.shell(name, PREPARE % ACCOUNTANTS + PREPARE_MORE % (CUSTOMERS, DEALS))
    yield name
    Databases(own_environment).drop(name)


class Faults:
    """What goes wrong, and how often it did."""

    def __init__(self, server, environment, database, actors, dice):
        self.server = server
        self.query = environment.postgres.query
        self.database = database
        self.actors = actors
        self.dice = dice
        self.processes = {}
        self.counts = {"sessions cut": 0, "processes killed": 0, "server crashed": 0}
        self.counts |= {"server stopped": 0}

    def count(self):
        return sum(self.counts.values())

    def start(self, role, number):
        self.processes[self.actors.ask(f"everything_actors.{role} {number}")] = (role, number)

    def inject(self):
        chance = self.dice.random()
        if chance < 0.75:
            self.cut_sessions()
        elif chance < 0.95:
            self.kill_somebody()
        elif chance < 0.98:
            self.crash_the_server()
        else:
            self.stop_the_server()

    def get_sessions(self):
        return [int(row[0]) for row in self.query(VICTIMS % self.database)]

    def cut_sessions(self):
        sessions = self.get_sessions()
        chosen = self.dice.sample(sessions, min(len(sessions), 3))
        for session in chosen:
            self.query(f"SELECT pg_terminate_backend({session})")
        self.counts["sessions cut"] += len(chosen)

    def kill_somebody(self):
        process = self.dice.choice(list(self.processes))
        role, number = self.processes.pop(process)
        os.kill(process, signal.SIGKILL)
        self.counts["processes killed"] += 1
        self.start(role, number)

    def crash_the_server(self):
        """One of its processes is killed: it ends all others, and recovers."""
        if sessions := self.get_sessions():
            os.kill(self.dice.choice(sessions), signal.SIGKILL)
            self.counts["server crashed"] += 1
            self.counts["sessions cut"] += len(sessions)
            self.wait_for_the_server()

    def stop_the_server(self):
        self.counts["sessions cut"] += len(self.get_sessions())
        self.server.stop()
        self.counts["server stopped"] += 1
        self.server.start()

    def wait_for_the_server(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.query("SELECT 1")
            except SetupError:
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def get_mistakes(self):
        """Who ended by themselves: nobody may."""
        ended = {int(process): status for process, status in self.actors.ask("wait").items()}
        return {
            self.processes[one]: status for one, status in ended.items() if one in self.processes
        }


def test_nothing_is_lost_or_done_twice(own_server, own_environment, database):
    seed = int(os.environ.get("FAULTS_SEED", time.strftime("%j")))
    actors = Actors(own_environment, database)
    faults = Faults(own_server, own_environment, database, actors, random.Random(seed))
    try:
        for role, count in (
            ("accountant", ACCOUNTANTS),
            ("salesperson", SALESPEOPLE),
            ("scheduler", SCHEDULERS),
        ):
            for number in range(count):
                faults.start(role, number)
        start = time.monotonic()
        while time.monotonic() < start + SECONDS or faults.count() < FAULTS:
            assert time.monotonic() < start + LONGEST, f"only {faults.counts}"
            time.sleep(faults.dice.uniform(0.1, 0.6))
            faults.inject()
            assert not faults.get_mistakes(), actors.log.read_text()[-5000:]
    finally:
        for process in faults.processes:
            os.kill(process, signal.SIGKILL)
        actors.stop()
    output = own_environment.shell(
        database, f"import sys\nsys.path.append({str(TESTS)!r})\n{SETTLE}"
    )
    result = json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0])
    print(f"\n{faults.count()} faults (seed {seed}): {faults.counts}; {result}")
    assert result["invoices"] > SECONDS / 5 and result["open"] > 0, "somebody could work"
    assert result["state"] == "done" and result["checked"] > 0 and not result["not verified"]
    assert (result["differences"], result["in detail"]) == (0, [])
    assert result["waiting"] == 0
    assert result["commission events"] > 0 and result["commission corrected"] == 0
    assert result["flagged twice"] == result["told twice"] == result["mailed twice"] == []
