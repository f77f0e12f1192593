"""*Verify* is killed again and again, and goes on after its last batch: nothing is looked at twice,
nothing is left out.
"""

import json
import os
import random
import signal
import time

import pytest

from environment.databases import Databases
from environment.paths import checkout_key, log_file
from faults.test_customer_health import Actors

KILLS = 15
CUSTOMERS = 1000
LONGEST = 300

#: Many customers, of whom one has a figure that somebody spoilt; and who is asked to verify.
PREPARE = """
env["res.partner"].create([{"name": f"Verified {number}"} for number in range(%d)])
env["ir.cron"].search([("id", "!=", False)]).active = False
env["crm.customer.health.norm"].search([("id", "!=", False)]).as_of_date = False
while env["account.receivable.change"]._work_off("crm.customer.health"):
    pass
env["crm.customer.health"]._cron_refresh()
env.flush_all()
row = env["crm.customer.health"].search([("overdue_amount", ">", 0)], limit=1)
env.cr.execute(
    "UPDATE crm_customer_health SET overdue_amount = overdue_amount + 5 WHERE id = %%s", [row.id]
)
env["account.receivable.verification"]._request(env.company, env.user)
env.cr.commit()
"""
RESULT = """
import json
run = env["account.receivable.verification"].search([("id", "!=", False)])
print("RESULT " + json.dumps({
    "state": run.state,
    "checks": [[row.name, row.state, row.checked_count, row.total_count] for row in run.check_ids],
    "differences": run.difference_count,
    "listed": [
        [row.value, row.difference] for row in run.difference_ids if row.state == "difference"
    ],
    "failed": run.failed_count,
    "totals": run.total_ids.mapped(lambda row: f"{row.check} {row.value} {row.account_id.code}"),
}))
"""


@pytest.fixture
def database(environment):
    databases = Databases(environment)
    name = f"verification_{checkout_key()}"
    databases.copy(databases.template(demo=True), name)
    addons = ["account_receivable_verify", "crm_customer_health"]
    databases.install(name, addons, demo=False, log=log_file("faults-install"))
    environment.shell(name, PREPARE % CUSTOMERS)
    yield name
    databases.drop(name)


def count_checked(environment, database):
    [[checked]] = Databases(environment).query(
        "SELECT COALESCE(SUM(checked_count), 0) FROM account_receivable_verification_check",
        database,
    )
    return int(checked)


def test_verification_is_killed(environment, database):
    dice = random.Random(21)
    actors = Actors(environment, database)
    progress, deadline = [0], time.monotonic() + LONGEST
    try:
        verifier = actors.ask("verification_actors.verifier 0")
        while len(progress) <= KILLS:
            # It has done something, and is at work.
            while (checked := count_checked(environment, database)) <= progress[-1]:
                assert time.monotonic() < deadline, actors.log.read_text()[-5000:]
                time.sleep(0.1)
            time.sleep(dice.uniform(0, 0.3))
            os.kill(verifier, signal.SIGKILL)
            progress.append(checked)
            verifier = actors.ask("verification_actors.verifier 0")
        while str(verifier) not in actors.ask("wait"):
            assert time.monotonic() < deadline, actors.log.read_text()[-5000:]
            time.sleep(0.5)
    finally:
        actors.stop()
    output = environment.shell(database, RESULT)
    result = json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0])
    print(f"\nkilled after {progress[1:]} records: {result}")
    assert result["state"] == "done" and result["failed"] == 0
    for name, state, checked, total in result["checks"]:
        assert (state, checked) == ("done", total), name
    assert result["listed"] == [["overdue_amount", 5.0]] and result["differences"] == 1
    assert len(result["totals"]) == len(set(result["totals"]))
