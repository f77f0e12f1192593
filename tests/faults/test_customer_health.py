"""Figures and flags while many work at once and schedulers are killed: in the end all is right."""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from environment.databases import Databases
from environment.paths import TESTS, checkout_key, log_file, state_dir
from environment.process import ending_with_us
from faults.actors import ROUNDS

ACCOUNTANTS = 8
SCHEDULERS = 2
SECONDS = 240

PREPARE = """
from datetime import datetime, timezone
# Customers are flagged from the company's morning on: somewhere it is neither night nor midnight.
is_early = datetime.now(timezone.utc).hour < 12
env.company.partner_id.tz = "Asia/Tokyo" if is_early else "America/New_York"
env["crm.customer.health.policy"]._get_policy(env.company).write(
    {
        "threshold_ids": [(5,), (0, 0, {"amount": 0.01, "days": 1})],
        "fallback_user_id": env.ref("base.user_admin").id,
    }
)
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
for number in range(3):
    env["res.partner"].create({"name": f"Faults {number}", "ref": f"faults {number}"})
env["ir.cron"].search([]).active = False
env.cr.commit()
"""
#: What the journals say now, all computed anew, against the rows that are stored.
COMPARE = """
import json
from odoo.tools import SQL
from odoo.addons.crm_customer_health.scope import HealthScope
health = env["crm.customer.health"]
changes = env["account.receivable.change"]
changes._work_off_all(health._name)
companies = env["res.company"].search([])
health._fill_tables(HealthScope(companies))
columns = SQL(", ").join(
    SQL.identifier(name)
    for name in health._get_result_columns()
    # Compared with the other customers, as of the last time that all were computed.
    if name not in ("health_score", "health_status", "purchase_measure")
    and not name.startswith("rfm_")
)
stored = SQL("SELECT %s FROM crm_customer_health", columns)
fresh = SQL("SELECT %s FROM health_result", columns)
different = env.execute_query(
    SQL("(%s EXCEPT %s) UNION ALL (%s EXCEPT %s)", stored, fresh, fresh, stored)
)
open_amounts = env["crm.customer.health"].search([("partner_id.ref", "like", "faults")])
env.cr.rollback()
env["crm.customer.flag.run"].search([]).unlink()
env["crm.customer.health.norm"].search([]).as_of_date = False
health._cron_refresh()
env["crm.customer.flag.run"]._cron_flag()
flags = env["crm.customer.flag"].search([("closed_on", "=", False)])
activities = env["mail.activity"].search(
    [("activity_type_id", "=", env["crm.customer.flag"]._get_activity_type_id())]
)
acting = health.search([("needs_action", "=", True), ("company_id", "=", env.company.id)])
print("RESULT " + json.dumps({
    "waiting": len(changes.search([("reader", "=", health._name)])),
    "different": len(different),
    "open": sum(open_amounts.mapped("open_amount")),
    "invoices": sum(open_amounts.mapped("invoice_count")),
    "acting": sorted(acting.partner_id.ids),
    "flagged": sorted(flag.partner_id.id for flag in flags),
    "told": sorted(flags.activity_id.ids),
    "activities": sorted(activities.ids),
}))
"""
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = '%s' AND pid != pg_backend_pid()
"""


class Actors:
    """The process that starts people and schedulers for us."""

    def __init__(self, environment, database):
        self.log = log_file("faults")
        variables = environment.environ
        variables["PYTHONPATH"] = f"{TESTS}:{variables['PYTHONPATH']}"
        with open(self.log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ending_with_us([environment.python, "-m", "faults.actors", database]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=variables,
                cwd=state_dir(),
                text=True,
            )

    def ask(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self):
        self._process.stdin.close()
        self._process.wait()


@pytest.fixture
def database(environment):
    databases = Databases(environment)
    name = f"faults_{checkout_key()}"
    databases.copy(databases.template(demo=True), name)
    databases.install(name, ["crm_customer_health"], demo=False, log=log_file("faults-install"))
    environment.shell(name, PREPARE % ACCOUNTANTS)
    yield name
    databases.drop(name)


def test_many_at_once_and_schedulers_killed(environment, in_all_addons, database):
    """Eight accountants, two schedulers; schedulers are killed and cut off from the database."""
    dice = random.Random(19)
    query = Databases(environment).query
    actors = Actors(environment, database)
    try:
        accountants = {actors.ask(f"accountant {number}") for number in range(ACCOUNTANTS)}
        schedulers = [actors.ask(f"scheduler {number}") for number in range(SCHEDULERS)]
        ended, kills = {}, 0
        deadline = time.monotonic() + SECONDS
        while not accountants <= ended.keys():
            assert time.monotonic() < deadline, f"still at work; see {actors.log}"
            time.sleep(dice.uniform(0.1, 1.2))
            os.kill(schedulers.pop(0), signal.SIGKILL)
            kills += 1
            ended |= {int(process): status for process, status in actors.ask("wait").items()}
            schedulers.append(actors.ask("scheduler 0"))
        assert {ended[process] for process in accountants} == {0}, actors.log.read_text()
        assert kills > 5
        # Accountants may meet at the customer's own record, which Odoo writes; never at ours.
        assert not [
            line
            for line in actors.log.read_text().splitlines()
            if "bad query" in line
            and "crm_customer_health" in line
            and any(f" {process} ERROR" in line for process in accountants)
        ]

        # The database server ends all sessions in the middle of the work.
        query(TERMINATE % database)
        schedulers.append(actors.ask("scheduler 0"))
        time.sleep(2)
        for process in schedulers:
            os.kill(process, signal.SIGKILL)
    finally:
        actors.stop()

    output = environment.shell(database, COMPARE)
    result = json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0])
    assert result["invoices"] == ACCOUNTANTS * ROUNDS
    assert result["open"] > 0
    assert (result["waiting"], result["different"]) == (0, 0)
    # Who needs action is flagged once, with one activity, and nobody else.
    assert result["flagged"] == result["acting"] != []
    assert result["activities"] == result["told"]
    assert len(result["told"]) == len(result["flagged"])
