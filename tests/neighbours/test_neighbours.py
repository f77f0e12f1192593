"""Addons of others, and more of Odoo's own, in one database with all of ours.

By default some of their tests and of ours run there. With ``--long`` all of theirs do, and Odoo's
own of CRM, sales and customers' invoices, once without our addons and once with them.
"""

import json

import pytest

from environment import odoo_log
from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import TESTS, checkout_key, log_file

from . import together

CALL = """
import sys
sys.path.insert(0, {tests!r})
from neighbours import inside
inside.answer({call})
"""

#: Tests of others about what ours change, too: stages and probability of opportunities, invoices,
#: customers' debts and limits, commission.
OF_WHAT_WE_TOUCH = (
    "account_financial_risk",
    "crm_stage_probability",
    "crm_won_restrict_per_stage",
    "sale_commission_oca",
    "sale_financial_risk:TestPartnerSaleRisk",
)
SOME_OF_OURS = (
    "crm_accounting_bridge:TestStages",
    "crm_customer_health_sale:TestOrderHold",
)
MORE_OF_OURS = (
    "account_receivable_settlement:TestSettlementMoney",
    "crm_accounting_bridge:TestDealFigures",
    "crm_customer_health:TestHealthTruthsMoney",
    "crm_sales_commission",
)
OF_CORE = (
    "/crm",
    "/sale_crm",
    "/account/tests/test_account_move_out_invoice.py",
    "/account/tests/test_account_move_out_refund.py",
    "/account/tests/test_account_payment_register.py",
    "/account/tests/test_account_move_reconcile.py",
    "/account/tests/test_account_partner.py",
)
#: What a role cannot begin in Odoo, as it may not read a part of the form: role, model, reason.
REFUSED_BY_ODOO = [
    [
        role,
        "stock.picking",
        "You are not allowed to access 'Shipping Methods' (delivery.carrier) records.",
    ]
    for role in ("invoicing", "accounting administrator")
]


class Street:
    """The databases without ours and with them."""

    def __init__(self, environment):
        self.environment = together.with_packages(environment)
        self.databases = Databases(self.environment)
        self.without = f"neighbours_{checkout_key()}_without"
        self.name = f"neighbours_{checkout_key()}"

    def prepare(self, with_both):
        """Ours come with the others, or to a database in which they are and that is kept."""
        theirs = [*together.OF_ODOO, *together.others(self.environment)]
        self.databases.copy(self.databases.template(demo=False), self.name)
        if with_both:
            self.install(theirs, "theirs")
            self.databases.stop_autovacuum(self.name)
            self.databases.copy(self.name, self.without)
        self.install([*our_addons(), *theirs], "all")
        self.databases.stop_autovacuum(self.name)

    def install(self, addons, title):
        log = log_file(f"neighbours-{title}")
        self.databases.install(self.name, addons, demo=False, log=log)
        assert not together.of_ours(odoo_log.read_log(log))

    def answer(self, call):
        log = log_file("neighbours-shell")
        code = CALL.format(tests=str(TESTS), call=call)
        output = self.environment.shell(self.name, code, log)
        assert not together.of_ours(odoo_log.read_log(log))
        return json.loads(output.rpartition("ANSWER ")[2])

    def drop(self):
        self.databases.drop(self.name)
        self.databases.drop(self.without)


@pytest.fixture(scope="module")
def street(environment, is_long):
    street = Street(environment)
    try:
        street.prepare(with_both=is_long)
        yield street
    finally:
        street.drop()


@pytest.fixture
def say(capsys):
    def say(*lines):
        with capsys.disabled():
            print("", *lines, sep="\n", flush=True)

    return say


def test_all_are_installed(street, say):
    others = together.others(street.environment)
    installed = street.databases.installed(street.name)
    assert {*others, *together.OF_ODOO, *our_addons()} <= installed
    say(
        f"Neighbours: {len(others)} addons of others, {len(our_addons())} of ours and"
        f" {len(installed) - len(others) - len(our_addons())} of Odoo in one database"
    )


def test_people_see_their_views(street, say):
    seen = street.answer("inside.look, env")
    ours = [*our_addons(), *together.others(street.environment)]
    opened = street.answer(f"inside.open_everything, env, {ours}")
    say(f"Neighbours: {seen['views']} views for roles, {seen['begun']} forms, {opened} of windows")
    assert seen["refused"] == REFUSED_BY_ODOO
    assert seen["views"] > 100
    assert seen["begun"] > 20
    assert opened > 100


def test_tests_of_others_and_ours(street, is_long, say):
    """What fails is known, with its reason; nothing of it names an addon of ours."""
    wanted = [*OF_WHAT_WE_TOUCH, *SOME_OF_OURS, *(MORE_OF_OURS if is_long else ())]
    tags = [f"/{name}" for name in wanted]
    outcome = together.run_tests(street.environment, street.name, tags, "tests")
    known = together.known_failures()
    new = {name: text for name, text in outcome.texts.items() if name not in known}
    say(f"Neighbours' tests and ours: {outcome}", *outcome.says(sorted(outcome.started)))
    assert not new, "\n\n".join(new.values())
    assert not outcome.ours, "\n\n".join(outcome.ours)
    assert {name.partition(":")[0] for name in wanted} == set(outcome.started)


def test_core_and_others_do_the_same_without_us(street, is_long, say):
    """Odoo's own tests, and those of others, fail with us where they fail without us."""
    if not is_long:
        pytest.skip("the same with and without us is compared with --long")
    tags = [*OF_CORE, *(f"/{name}" for name in together.others(street.environment))]
    names = {"without": street.without, "with": street.name}
    outcomes = {
        title: together.run_tests(street.environment, name, tags, title)
        for title, name in names.items()
    }
    for title, outcome in outcomes.items():
        say(f"{title.capitalize()} our addons: {outcome}", *outcome.says(sorted(outcome.started)))
    known = together.known_failures()
    only = outcomes["with"].failed - outcomes["without"].failed
    others = set(together.others(street.environment))
    assert others - set(outcomes["with"].started) == together.without_tests(street.environment)
    assert outcomes["with"].started == outcomes["without"].started
    assert not outcomes["with"].ours, "\n\n".join(outcomes["with"].ours)
    assert not only - set(known), "\n\n".join(
        text for name, text in outcomes["with"].texts.items() if name in only
    )


def test_deal_is_sold_and_paid(street):
    """The last: Odoo's own tests of lead scoring count the deals that it leaves."""
    assert street.answer("inside.sell, env") == {
        "invoiced": ["invoiced", "Invoiced", 2000.0, 0.0, 2000.0],
        "paid": ["paid", "Paid", 0.0, 2000.0, 0.0],
        "the agent's commission": 200.0,
        "must not be won": ["paid", "No way out", 0.0, 1000.0, 0.0],
        "refused": 1,
    }
