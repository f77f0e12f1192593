"""The addons' own tests, run by Odoo in fresh databases without demo data, several at a time."""

import re
import threading
from dataclasses import dataclass

from . import odoo_log
from .addons import addons_for_tests, our_addons
from .databases import Databases
from .paths import ADDONS, TEST_ADDONS, checkout_key, log_file
from .results import Results, merge
from .server import free_port

LONGEST_STATEMENT = 600  # seconds
STATISTICS = "odoo.tests.stats"
SLOW_TEST = re.compile(r"^\t(\w+\.\w+\.\w+\.test_\w+): ([\d.]+)s", re.MULTILINE)
# Checks of Odoo's own that look at the models of every installed addon.
CORE_CHECKS = ["TestIndex", "TestLintOverrideSignatures", "TestNaming"]
NO_BROWSER = ("Chrome executable not found", "Failed to detect chrome", "Cannot connect to chrome")
FILES_AT_A_TIME = 8  # few enough that all processors are busy to the end
# What a test with a browser would make first, in each database anew.
MAKE_ASSETS = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()\n"


@dataclass(frozen=True)
class Part:
    """Tests that one Odoo runs in a database of its own."""

    name: str
    tags: tuple
    files: frozenset = frozenset()  #: pairs of addon and test module, each of which has to run
    modules: tuple = ()  #: what is installed beside our addons


def split(addons, core_checks):
    """The parts, the longest first as far as the size of the files tells; before them the addons
    that are for tests only, each with much to do. An addon with many files makes several parts,
    addons with few share one: each part starts an Odoo and copies a database.
    """
    for_tests = [addon for addon in addons if addon in addons_for_tests()]
    parts = [part_of(addon, test_files(addon), modules=(addon,)) for addon in for_tests]
    chunks = []
    for addon in sorted(set(addons) - set(for_tests)):
        files = test_files(addon)
        count = -(-len(files) // FILES_AT_A_TIME)
        chunks += [(f"{addon}-{number + 1}", files[number::count]) for number in range(count)]
    parts += [part_of(*chunk) for chunk in sorted(share(chunks), key=lambda chunk: -size(chunk[1]))]
    if core_checks:
        tags = tuple(f"/test_lint:{name}" for name in CORE_CHECKS)
        parts.append(Part("core-checks", tags, modules=("test_lint",)))
    return parts


def test_files(addon):
    """An addon's files of tests, the largest first."""
    folder = TEST_ADDONS if addon in addons_for_tests() else ADDONS
    return sorted(folder.glob(f"{addon}/tests/test_*.py"), key=lambda file: -size([file]))


def share(chunks):
    """Chunks with few files put together as long as they stay few."""
    shared = []
    for name, files in sorted(chunks, key=lambda chunk: -len(chunk[1])):
        with_room = (
            number
            for number, (_name, others) in enumerate(shared)
            if len(others) + len(files) <= FILES_AT_A_TIME
        )
        number = next(with_room, None)
        if number is None:
            shared.append((name, files))
        else:
            shared[number] = (f"several-{number + 1}", [*shared[number][1], *files])
    return shared


def part_of(name, files, modules=()):
    pairs = [(file.parts[-3], file) for file in files]
    return Part(
        name,
        tuple(f"/{addon}/tests/{file.name}" for addon, file in pairs),
        frozenset((addon, file.stem) for addon, file in pairs),
        modules,
    )


def size(files):
    return sum(file.stat().st_size for file in files)


def run_tests(environment, pool, addons, core_checks):
    """Have the tests of the addons run in the pool.

    :return: a function that waits for the results.
    """
    installed = InstalledAddons(environment)
    tested = pool.map(
        lambda part: test_part(environment, installed, part), split(addons, core_checks)
    )

    def wait():
        try:
            return merge("Odoo tests", tested)
        finally:
            installed.drop()

    return wait


class InstalledAddons:
    """A database with all our addons, made by the first part that asks, copied by every part."""

    def __init__(self, environment):
        self.environment = environment
        self.databases = Databases(environment)
        self.name = f"test_{checkout_key()}_addons"
        self._making = threading.Lock()
        self._is_made = False

    def copy(self, target):
        with self._making:
            if not self._is_made:
                self._make()
                self._is_made = True
        self.databases.copy(self.name, target)
        self.databases.limit_statements(target, seconds=LONGEST_STATEMENT)

    def drop(self):
        self.databases.drop(self.name)

    def _make(self):
        self.databases.copy(self.databases.template(demo=False, with_ours=True), self.name)
        self.databases.stop_autovacuum(self.name)
        self.environment.shell(self.name, MAKE_ASSETS)


def test_part(environment, installed, part):
    """Run the part's tests in a copy of the database with all our addons."""
    database = f"test_{checkout_key()}_{part.name}"
    log = log_file(f"odoo-tests-{part.name}")
    try:
        installed.copy(database)
        status = environment.run(
            log,
            *("-d", database, "--test-tags", ",".join(part.tags), "--http-port", free_port()),
            *(("-i", ",".join(part.modules)) if part.modules else ()),
            *("--stop-after-init", "--max-cron-threads", "0"),
            *("--log-handler", f"{STATISTICS}:DEBUG"),
            allow_failure=True,
        )
    finally:
        installed.databases.drop(database)
    return judge(odoo_log.read_log(log), part, status, log)


def judge(records, part, status, log):
    """Count from Odoo's own lines, and take nothing that did not run for passed."""
    results = Results(f"Odoo tests of {part.name}", times=times(records))
    totals = [odoo_log.TEST_TOTAL.search(record.text) for record in records]
    total = next((found for found in reversed(totals) if found), None)
    failed_tests = [record for record in records if record.is_failed_test]
    results.skipped = sum(record.message.startswith("skipped ") for record in records)
    if total:
        failed, errors, run = map(int, total.groups())
        results.passed = max(run - failed - errors - results.skipped, 0)
        for _ in range(failed + errors - len(failed_tests)):
            results.fail("a failure that the log does not name", str(log))
    else:
        results.fail("Odoo did not get to its tests", "\n".join(r.text for r in records[-20:]))
    for record in failed_tests:
        results.fail(record.message.splitlines()[0], record.text)
    for record in odoo_log.problems(records, our_addons()):
        results.fail("the server's log", record.text)
    for record in records:
        if record.message.startswith("skipped ") and any(t in record.text for t in NO_BROWSER):
            results.fail("a test that found no browser", record.text)
    for missing in sorted(part.files - odoo_log.started_tests(records)):
        results.fail("a test file that did not run", "addons/{}/tests/{}.py".format(*missing))
    if status and not results.failures:
        results.fail(f"Odoo ended with status {status}", f"see {log}")
    return results


def times(records):
    """Odoo's own figures of how long each test took: pairs of seconds and name."""
    found = (SLOW_TEST.findall(record.text) for record in records if record.logger == STATISTICS)
    tests = [(float(seconds), name) for lines in found for name, seconds in lines]
    return [test for test in tests if test[0] < 3600]  # longer ones only set the clock forward
