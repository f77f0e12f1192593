"""What the set-up reads from Odoo's log."""

import pytest

from environment import odoo_log
from environment.addons import addons_for_tests, our_addons
from environment.odoo_tests import FILES_AT_A_TIME, Part, judge, split
from environment.paths import ADDONS, TEST_ADDONS

HEAD = "2026-01-02 03:04:05,678 99 {} db {}: {}"
STARTED = HEAD.format("INFO", "odoo.addons.ours.tests.test_deal", "Starting TestDeal.test_paid ...")
TOTAL = HEAD.format(
    "INFO", "odoo.tests.result", "{} failed, {} error(s) of {} tests when loading database 'db' "
)


@pytest.fixture
def read(tmp_path):
    def read(*lines):
        log = tmp_path / "odoo.log"
        log.write_text("\n".join(lines))
        return odoo_log.read_log(log)

    return read


@pytest.fixture
def verdict(read, monkeypatch):
    """Judges a log of an addon `ours` with one test file, test_deal.py."""
    monkeypatch.setattr("environment.odoo_tests.our_addons", lambda: ["ours"])
    part = Part("ours-1", ("/ours/tests/test_deal.py",), frozenset([("ours", "test_deal")]))
    return lambda *lines, status=0: judge(read(*lines), part, status, "log")


def test_every_test_file_is_in_one_part():
    parts = split([*our_addons(), *addons_for_tests()], core_checks=True)
    files = sorted(file for part in parts for file in part.files)
    found = [*ADDONS.glob("*/tests/test_*.py"), *TEST_ADDONS.glob("*/tests/test_*.py")]
    assert files == sorted((file.parts[-3], file.stem) for file in found)
    assert max(len(part.files) for part in parts) <= FILES_AT_A_TIME
    assert len({part.name for part in parts}) == len(parts)
    assert parts[-1].modules == ("test_lint",)


def test_lines_without_head_belong_to_the_record_before(read):
    records = read(HEAD.format("ERROR", "a.b", "first"), "Traceback", HEAD.format("INFO", "c", "x"))
    assert [(record.level, len(record.text.splitlines())) for record in records] == [
        ("ERROR", 2),
        ("INFO", 1),
    ]


def test_all_passed(verdict):
    results = verdict(STARTED, TOTAL.format(0, 0, 1))
    assert (results.passed, results.failures) == (1, [])


def test_failed_test_counts_once(verdict):
    failure = HEAD.format("ERROR", "odoo.addons.ours.tests.test_deal", "FAIL: TestDeal.test_paid")
    total = TOTAL.format(1, 0, 2).replace("INFO", "ERROR")
    results = verdict(STARTED, failure, total, status=1)
    assert (results.passed, len(results.failures)) == (1, 1)


def test_file_that_did_not_run_is_a_failure(verdict):
    results = verdict(TOTAL.format(0, 0, 0))
    assert [name for name, _ in results.failures] == ["a test file that did not run"]


def test_no_total_is_a_failure(verdict):
    assert verdict(STARTED).failures


def test_skipped_test_has_not_passed(verdict):
    skipped = HEAD.format("INFO", "odoo.addons.ours.tests.test_deal", "skipped TestDeal : why")
    results = verdict(STARTED, skipped, TOTAL.format(0, 0, 1))
    assert (results.passed, results.skipped, results.failures) == (0, 1, [])


@pytest.mark.parametrize(
    "line",
    [
        HEAD.format("WARNING", "odoo.models", "something new"),
        HEAD.format("INFO", "odoo.http", "Traceback (most recent call last):"),
        HEAD.format("WARNING", "py.warnings", "Running as user 'root' is a security risk (ours)"),
    ],
)
def test_problem_in_the_log_is_a_failure(verdict, line):
    assert len(verdict(STARTED, line, TOTAL.format(0, 0, 1)).failures) == 1
