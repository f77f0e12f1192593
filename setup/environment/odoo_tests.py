"""The addons' own tests, run by Odoo in a fresh database without demo data."""

import re

from . import odoo_log
from .addons import our_addons
from .databases import Databases
from .paths import ADDONS, checkout_key, log_file
from .results import Results
from .server import free_port

LONGEST_STATEMENT = 600  # seconds
STATISTICS = "odoo.tests.stats"
SLOW_TEST = re.compile(r"^\t(\w+\.\w+\.\w+\.test_\w+): ([\d.]+)s", re.MULTILINE)
# Checks of Odoo's own that look at the models of every installed addon.
CORE_CHECKS = ["TestIndex", "TestLintOverrideSignatures", "TestNaming"]
NO_BROWSER = ("Chrome executable not found", "Failed to detect chrome", "Cannot connect to chrome")


def test_addons(environment, addons, core_checks):
    """Install all our addons, run the tests of the given ones and return the results."""
    databases = Databases(environment)
    database = f"test_{checkout_key()}"
    log = log_file("odoo-tests")
    databases.copy(databases.template(demo=False), database)
    databases.stop_autovacuum(database)
    databases.limit_statements(database, seconds=LONGEST_STATEMENT)
    tags = [f"/{addon}" for addon in addons]
    modules = our_addons()
    if core_checks:
        tags += [f"/test_lint:{name}" for name in CORE_CHECKS]
        modules += ["test_lint"]
    try:
        status = environment.run(
            log,
            *("-d", database, "-i", ",".join(modules)),
            *("--test-tags", ",".join(tags), "--http-port", free_port()),
            *("--stop-after-init", "--max-cron-threads", "0"),
            *("--log-handler", f"{STATISTICS}:DEBUG"),
            allow_failure=True,
        )
    finally:
        databases.drop(database)
    records = odoo_log.read_log(log)
    print("\n".join(["Slowest Odoo tests:", *slowest(records)]), flush=True)
    return judge(records, addons, status, log)


def judge(records, addons, status, log):
    """Count from Odoo's own lines, and take nothing that did not run for passed."""
    results = Results("Odoo tests")
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
    for missing in sorted(test_modules(addons) - odoo_log.started_tests(records)):
        results.fail("a test file that did not run", "addons/{}/tests/{}.py".format(*missing))
    if status and not results.failures:
        results.fail(f"Odoo ended with status {status}", f"see {log}")
    return results


def test_modules(addons):
    """The addons' test files, as pairs of addon and module."""
    return {
        (addon, file.stem) for addon in addons for file in ADDONS.glob(f"{addon}/tests/test_*.py")
    }


def slowest(records, count=5):
    """Odoo's own figures of the tests that took longest, longest first."""
    found = (SLOW_TEST.findall(record.text) for record in records if record.logger == STATISTICS)
    tests = [(float(seconds), name) for lines in found for name, seconds in lines]
    tests = [test for test in tests if test[0] < 3600]  # longer ones only set the clock forward
    return [f"{seconds:6.1f} s  {name}" for seconds, name in sorted(tests, reverse=True)[:count]]
