"""Who the neighbours are, where they come from, and how their tests are run and judged."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from environment import odoo_log
from environment.addons import our_addons
from environment.odoo import how_far
from environment.packages import find_packages
from environment.paths import log_file, state_dir
from environment.process import run_logged
from environment.server import free_port

FOLDER = Path(__file__).parent
REQUIREMENTS = FOLDER / "requirements.txt"
KNOWN_FAILURES = FOLDER / "known_failures.txt"

#: Odoo's own addons that ours do not need and many companies use.
OF_ODOO = (
    "account_peppol",
    "l10n_cn",
    "l10n_es",
    "l10n_hr",
    "l10n_it",
    "loyalty",
    "mass_mailing",
    "point_of_sale",
    "project",
    "website_sale",
)
NAME = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(?:\w+ \(odoo\.[\w.]+\.)?([\w.]+)")


def with_packages(environment):
    """The environment in which other people's addons are found as pip installs them."""
    return replace(environment, packages=find_packages(environment, REQUIREMENTS))


def others(environment):
    """Names of the addons of others that were fetched."""
    manifests = environment.packages.glob("odoo/addons/*/__manifest__.py")
    return sorted(file.parent.name for file in manifests)


def without_tests(environment):
    """Those of them that bring none."""
    folder = environment.packages / "odoo" / "addons"
    return {name for name in others(environment) if not any(folder.glob(f"{name}/tests/test_*.py"))}


@dataclass(frozen=True)
class Outcome:
    """What a run of tests gave."""

    started: Counter  #: tests by addon
    failed: set  #: as "addon:Class.method"
    texts: dict  #: what the log says, by failed test
    ours: list  #: warnings and errors that name an addon of ours
    totals: tuple  #: failed, errors, run; Odoo's own count

    def __str__(self):
        return "{2} run, {0} failed, {1} errors".format(*self.totals)

    def says(self, addons):
        failed = Counter(name.partition(":")[0] for name in self.failed)
        return [
            f"  {addon}: {self.started[addon]} tests, {failed[addon]} failed"
            for addon in addons
            if self.started[addon] or failed[addon]
        ]


def run_tests(environment, database, tags, title):
    """Run tests with all that is installed in the database, and judge them by Odoo's log."""
    log = log_file(f"neighbours-{title}")
    command = [environment.python, FOLDER / "start.py", "-d", database]
    options = ["--test-tags", ",".join(tags), "--stop-after-init", "--max-cron-threads", "0"]
    run_logged(
        [*command, *options, "--http-port", str(free_port())],
        log,
        progress=how_far,
        allow_failure=True,
        env=environment.environ,
        cwd=state_dir(),
    )
    return judge(odoo_log.read_log(log))


def judge(records):
    started = Counter(
        found["addon"]
        for record in records
        if record.message.startswith("Starting ")
        and (found := odoo_log.TEST_LOGGER.fullmatch(record.logger))
    )
    texts = {}
    for record in records:
        if record.is_failed_test:
            texts[name_of(record)] = record.text
    totals = [odoo_log.TEST_TOTAL.search(record.text) for record in records]
    total = next((found for found in reversed(totals) if found), None)
    assert total, "Odoo did not get to its tests:\n" + "\n".join(r.text for r in records[-20:])
    return Outcome(
        started,
        set(texts),
        texts,
        of_ours(records),
        tuple(map(int, total.groups())),
    )


def of_ours(records):
    """Warnings and errors that name an addon of ours; what others warn of is theirs."""
    named = re.compile(rf"\b({'|'.join(our_addons())})\b")
    return [
        record.text
        for record in odoo_log.problems(records, our_addons())
        if named.search(record.text.partition("\nStack (most recent call last)")[0])
    ]


def name_of(record):
    """A failed test as "addon:Class.method", or "addon:Class" where the class failed as a whole."""
    addon = odoo_log.TEST_LOGGER.match(record.logger)
    found = NAME.match(record.message)
    return f"{addon['addon'] if addon else record.logger}:{found[1] if found else record.message}"


def known_failures():
    """Reasons by test, of tests that fail without ours too or cannot hold beside them."""
    lines = KNOWN_FAILURES.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" | ", 1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): reason.strip() for name, reason in pairs}
