"""Two hosts with worker processes and schedulers, one database, and a standby for what only reads.

The hosts are two Odoo servers on this machine; the standby is PostgreSQL's own, by streaming.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from environment import odoo_log, server
from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import checkout_key, log_file
from environment.postgres import PrivateServer
from support.external_api import ApiError, ExternalApi
from support.odoo_server import MAKE_API_KEYS
from support.own_database_server import Standby, bring_over, on_server, started
from support.waiting import eventually

HOSTS = 2
#: Who works at each host, and the invoices that each posts and pays.
PEOPLE = 2
INVOICES = 10
#: A figure that nobody computes.
IMPOSSIBLE = 123456.78
WROTE = "retrying with a read/write cursor"

REQUEST_VERIFICATION = """
verified = env["account.receivable.verification"]._request(env["res.company"].search([]), env.user)
env.cr.commit()
print(f"REQUESTED {verified.id}")
"""


class Hosts:
    """Two Odoo servers with two workers and a scheduler each, on one database."""

    def __init__(self, environment, database, standby):
        self.environment = environment
        self.database = database
        self.logs = [log_file(f"host-{number}") for number in range(HOSTS)]
        self.servers = [
            server.start(
                environment,
                database,
                server.free_port(),
                log,
                options=(
                    *("--workers", "2", "--max-cron-threads", "1"),
                    # A busy machine is slow; who is killed begins anew, which faults test.
                    *("--limit-time-real", "1200", "--limit-time-real-cron", "1200"),
                    *("--gevent-port", server.free_port()),
                    *("--db_replica_host", standby.socket_folder),
                ),
            )
            for log in self.logs
        ]
        self.keys = {}

    def wait(self):
        for one in self.servers:
            one.wait_for_login_page()
        output = self.environment.shell(self.database, MAKE_API_KEYS)
        self.keys = json.loads(re.search(r"^API keys: (.*)$", output, re.MULTILINE)[1])

    def api(self, number, login="admin"):
        return ExternalApi(self.servers[number].address, self.database, self.keys[login])

    def query(self, sql):
        return self.environment.postgres.query(sql, self.database)

    def records(self):
        return [record for log in self.logs for record in odoo_log.read_log(log)]

    def stop(self):
        for one in self.servers:
            one.stop()


@pytest.fixture(scope="module")
def primary(environment):
    with started(PrivateServer(environment.postgres.programs, name="postgres-hosts")) as server:
        yield server


@pytest.fixture(scope="module")
def own_environment(environment, primary):
    return on_server(environment, primary)


@pytest.fixture(scope="module")
def database(environment, own_environment):
    source = Databases(environment).template(demo=True, with_ours=True)
    name = f"hosts_{checkout_key()}"
    bring_over(environment, source, own_environment, name)
    yield name
    Databases(own_environment).drop(name)


@pytest.fixture(scope="module")
def standby(environment, primary, database):
    """Begun when the database is there; later changes reach it as they are written."""
    with started(Standby(primary)) as server:
        yield server


@pytest.fixture(scope="module")
def hosts(own_environment, database, standby):
    with ExitStack() as stack:
        hosts = Hosts(own_environment, database, standby)
        stack.callback(hosts.stop)
        hosts.wait()
        yield hosts


def sell(api, number):
    """Post and pay invoices; every third payment is half of it."""
    customer = api.create("res.partner", name=f"Host {number}")
    for round_number in range(INVOICES):
        invoice = api.create(
            "account.move",
            move_type="out_invoice",
            partner_id=customer,
            invoice_date=f"2026-{1 + round_number % 9:02}-15",
            invoice_line_ids=[[0, 0, {"name": "Line", "price_unit": 100, "tax_ids": []}]],
        )
        patiently(api, "account.move", "action_post", [invoice])
        wizard = api.call(
            "account.payment.register",
            "create",
            vals_list=[{"amount": 50 if round_number % 3 == 0 else 100}],
            context={"active_model": "account.move", "active_ids": [invoice]},
        )[0]
        patiently(api, "account.payment.register", "action_create_payments", [wizard])


def patiently(api, model, method, ids):
    """Who meets somebody else at the same number tries again, as people do."""
    for _attempt in range(5):
        try:
            return api.call(model, method, ids)
        except ApiError as error:
            refused = error
    raise refused


def test_two_hosts_work_off_one_outbox(hosts):
    """People at both, schedulers of both: in the end nothing waits, and every figure is right."""
    numbers = range(HOSTS * PEOPLE)
    with ThreadPoolExecutor(len(numbers)) as people:
        list(people.map(lambda number: sell(hosts.api(number % HOSTS), number), numbers))
    assert eventually(
        lambda: hosts.query("SELECT COUNT(*) FROM account_receivable_change"), [["0"]]
    ) == [["0"]]
    open_amounts = hosts.query(
        "SELECT health.open_amount FROM crm_customer_health health"
        " JOIN res_partner partner ON partner.id = health.partner_id"
        " WHERE partner.name LIKE 'Host %' ORDER BY 1"
    )
    halves = sum(number % 3 == 0 for number in range(INVOICES))
    assert open_amounts == [[f"{halves * 50}.00"]] * len(numbers)
    output = hosts.environment.shell(hosts.database, REQUEST_VERIFICATION)
    number = re.search(r"^REQUESTED (\d+)$", output, re.MULTILINE)[1]
    names = ("state", "difference_count", "failed_count")
    expected = {"state": "done", "difference_count": 0, "failed_count": 0}

    def verified():
        row = hosts.api(1).read("account.receivable.verification", int(number), *names)
        return {name: row[name] for name in names}

    assert eventually(verified, expected) == expected
    ran = [
        sum("Job '" in record.text and "done" in record.text for record in odoo_log.read_log(log))
        for log in hosts.logs
    ]
    print(f"\n{len(numbers) * INVOICES} invoices at {HOSTS} hosts; scheduled actions: {ran}")


def test_reads_come_from_the_standby(hosts, standby):
    """What the standby does not know yet is not shown: nobody asked the primary server."""
    api = hosts.api(0)
    replay = on_server(hosts.environment, standby).postgres.query

    def shown():
        [row] = api.call(
            "crm.customer.health",
            "web_search_read",
            domain=[["partner_id.name", "=", "Host 0"]],
            specification={"open_amount": {}},
        )["records"]
        return row["open_amount"]

    before = shown()
    replay("SELECT pg_wal_replay_pause()")
    try:
        hosts.query(
            f"UPDATE crm_customer_health health SET open_amount = {IMPOSSIBLE}"
            " FROM res_partner partner"
            " WHERE partner.id = health.partner_id AND partner.name = 'Host 0'"
        )
        assert shown() == before
    finally:
        replay("SELECT pg_wal_replay_resume()")
    assert eventually(shown, IMPOSSIBLE) == IMPOSSIBLE


@pytest.mark.parametrize("login", ["admin", "salesperson"])
def test_lists_only_read(hosts, login):
    """Each window of ours is read on the standby: none of them writes, which would be done again
    on the primary server.
    """
    api, manager = hosts.api(1, login), hosts.api(1)
    found = manager.search_read(
        "ir.model.data",
        [["module", "in", our_addons()], ["model", "=", "ir.actions.act_window"]],
        "res_id",
    )
    actions = manager.search_read(
        "ir.actions.act_window",
        [["id", "in", [row["res_id"] for row in found]], ["target", "!=", "new"]],
        "res_model",
    )
    models, seen = sorted({action["res_model"] for action in actions}), len(hosts.records())
    read = []
    for model in models:
        try:
            views = api.call(model, "get_views", views=[[False, "list"], [False, "search"]])
            names = views["models"][model]["fields"]
            api.call(
                model,
                "web_search_read",
                domain=[],
                specification={name: {} for name in names},
                limit=80,
            )
            api.call(model, "formatted_read_group", domain=[], groupby=[], aggregates=["__count"])
        except ApiError as error:
            assert (error.status, login) == (403, "salesperson"), (model, str(error))
        else:
            read.append(model)
    wrote = [record.text for record in hosts.records()[seen:] if WROTE in record.text]
    assert not wrote
    assert len(read) > (20 if login == "admin" else 10), read
    print(f"\n{len(read)} models read on the standby by {login}")


def test_work_goes_on_without_the_standby(hosts, standby):
    """Odoo says once that it asks the primary server instead."""
    standby.stop()
    api = hosts.api(0)
    for _attempt in range(2):
        assert api.call("crm.customer.health", "search_count", domain=[]) > 0


def test_log_says_nothing_of_ours(hosts):
    """But for what a salesperson was refused above, and for the standby that is gone."""
    expected = re.compile(r"odoo\.http: [^\n]*(Failed to read|not allowed)|readonly cursor")
    texts = [record.text for record in odoo_log.problems(hosts.records(), our_addons())]
    assert [text for text in texts if not expected.search(text)] == []
