"""A database in which people used version 19.0.1 is upgraded: nothing of theirs is lost."""

import json

import pytest

from environment import odoo_log
from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import TESTS, checkout_key, log_file

from .inventory import Inventory, differences, literals
from .old_version import missing_history, old_addons, old_environment
from .on_purpose import outdated, unexpected
from .structure import structure

pytestmark = pytest.mark.skipif(bool(missing_history()), reason=str(missing_history()))

CALL = """
import sys
sys.path.insert(0, {tests!r})
from lifecycle import inside, old_data
{code}
"""


class Upgrade:
    """The database, upgraded once as an administrator does it; what it held before and after."""

    def __init__(self, environment):
        self.environment = environment
        self.old_environment = old_environment(environment)
        self.old_addons = old_addons(self.old_environment)
        self.databases = Databases(environment)
        self.name = f"upgrade_{checkout_key()}"
        self.fresh = f"upgrade_fresh_{checkout_key()}"
        self.log = log_file("upgrade")

    def copy_template(self, name):
        self.databases.copy(self.databases.template(demo=True), name)
        # The invoices stay; ours come without demo data, as to a database that is in use.
        self.databases.query("UPDATE ir_module_module SET demo = FALSE", name)

    def forget_new_addons(self):
        """The list of addons has none of later ones, which would install themselves."""
        names = ", ".join(f"'{name}'" for name in set(our_addons()) - set(self.old_addons))
        self.query(f"DELETE FROM ir_module_module WHERE name IN ({names})")
        self.query(
            "DELETE FROM ir_model_data WHERE model = 'ir.module.module'"
            " AND res_id NOT IN (SELECT id FROM ir_module_module)"
        )

    def prepare(self):
        """Install the old version, have it used, and upgrade it."""
        self.copy_template(self.name)
        self.forget_new_addons()
        Databases(self.old_environment).install(
            self.name, self.old_addons, demo=False, log=log_file("upgrade-old-version")
        )
        self.inside("old_data.fill(env)", self.old_environment)
        self.settled = self.answer("inside.settlements, env", self.old_environment)
        self.inventory = Inventory(self.query, self.old_addons)
        self.before = self.inventory.read()
        self.records = self.upgrade(self.old_addons)
        self.after = self.inventory.read()
        self.databases.install(
            self.name, self.get_companions(), demo=False, log=log_file("upgrade-companions")
        )
        self.addons = sorted(self.databases.installed(self.name) & set(our_addons()))

    def get_companions(self):
        """Addons that the old version had not, and that come of themselves where they are new: an
        upgrade does not bring them, somebody installs them.
        """
        rows = self.query(
            f"""
            SELECT module.name FROM ir_module_module module
             WHERE module.auto_install AND module.state = 'uninstalled'
               AND module.name IN ({literals(our_addons())})
               AND NOT EXISTS (
                   SELECT FROM ir_module_module_dependency needed
                     LEFT JOIN ir_module_module other ON other.name = needed.name
                    WHERE needed.module_id = module.id AND needed.auto_install_required
                      AND other.state IS DISTINCT FROM 'installed')
            """
        )
        return sorted(name for [name] in rows)

    def upgrade(self, addons):
        """Run Odoo with ``-u`` and return its log."""
        self.environment.run(
            self.log, "-d", self.name, "-u", ",".join(addons), "--stop-after-init", "--no-http"
        )
        return odoo_log.read_log(self.log)

    def query(self, sql):
        return self.databases.query(sql, self.name)

    def inside(self, code, environment=None):
        """Run code in Odoo's shell, which must warn of nothing; return what it prints."""
        log = log_file("upgrade-shell")
        output = (environment or self.environment).shell(
            self.name, CALL.format(tests=str(TESTS), code=code), log
        )
        assert_no_problems(odoo_log.read_log(log))
        return output

    def answer(self, call, environment=None):
        output = self.inside(f"inside.answer({call})", environment)
        return json.loads(output.rpartition("ANSWER ")[2])

    def drop(self):
        self.databases.drop(self.name)
        self.databases.drop(self.fresh)


def assert_no_problems(records):
    problems = odoo_log.problems(records, our_addons())
    assert_none([record.text for record in problems], "in the log")


def assert_none(lines, what="after the upgrade"):
    assert not lines, "\n".join([f"{len(lines)} {what}:", *lines])


def deletions(records):
    return [record.message for record in records if record.message.startswith("Deleting ")]


@pytest.fixture(scope="module")
def upgrade(environment):
    upgrade = Upgrade(environment)
    try:
        upgrade.prepare()
        yield upgrade
    finally:
        upgrade.drop()


def test_old_version_was_used(upgrade):
    """What is not there before proves nothing after: each table and column of ours has values."""
    for title, rows in upgrade.before.items():
        assert rows, f"{title}: there is none"
        if title.startswith("columns of "):
            columns = {column for row in rows.values() for column in row}
            used = {column for row in rows.values() for column in row if row[column] is not None}
            assert used == columns, title
    assert upgrade.settled


def test_log_says_nothing_of_ours_went(upgrade):
    assert_no_problems(upgrade.records)
    assert_none(unexpected(deletions(upgrade.records)))


def test_everything_is_there(upgrade):
    assert_none(unexpected(differences(upgrade.before, upgrade.after)))
    assert set(upgrade.old_addons) <= set(upgrade.addons)


def test_what_goes_on_purpose_goes(upgrade):
    lines = deletions(upgrade.records) + differences(upgrade.before, upgrade.after)
    assert_none(outdated(lines), "entries too many of what changes on purpose")


def test_settlements_are_the_same(upgrade):
    assert upgrade.answer("inside.settlements, env") == upgrade.settled


def test_second_upgrade_changes_nothing(upgrade):
    inventory = Inventory(upgrade.query, upgrade.addons)
    before = inventory.read()
    records = upgrade.upgrade(upgrade.addons)
    assert_no_problems(records)
    assert_none(deletions(records))
    assert_none(differences(before, inventory.read(), may_grow=False))


def test_same_as_installed_afresh(upgrade):
    """No rest of the old version stays, and each addon has what is its own: it can be
    uninstalled as if it had never been another version.
    """
    upgrade.copy_template(upgrade.fresh)
    upgrade.databases.install(
        upgrade.fresh, upgrade.addons, demo=False, log=log_file("upgrade-fresh")
    )
    upgraded = structure(upgrade.query, upgrade.addons)
    fresh = structure(lambda sql: upgrade.databases.query(sql, upgrade.fresh), upgrade.addons)
    assert_none(sorted(upgraded - fresh), "rests of the old version")
    assert_none(sorted(fresh - upgraded), "missing after the upgrade")


def test_work_goes_on(upgrade):
    """All windows open, scheduled actions do what waited, and no figure is another afterwards."""
    assert upgrade.answer(f"inside.open_windows, env, {upgrade.addons}")
    figures = upgrade.inventory.read()["columns of crm_lead"]
    assert upgrade.answer(f"inside.run_scheduled_actions, env, {upgrade.addons}")
    after = upgrade.inventory.read()
    assert_none(differences({"columns of crm_lead": figures}, after))
    assert upgrade.query(
        "SELECT health.open_amount FROM crm_customer_health health"
        " JOIN res_partner partner ON partner.id = health.partner_id"
        " WHERE partner.name = 'Waiting Ltd'"
    ) == [["400.00"]], "the payment that waited for the upgrade"
    assert upgrade.query(
        "SELECT line.state, line.number FROM accounting_import_line line"
        " JOIN accounting_import import ON import.id = line.import_id"
        " WHERE import.name = 'running.csv' ORDER BY line.number"
    ) == [["created", "E-10"], ["created", "E-11"], ["created", "E-12"]]
