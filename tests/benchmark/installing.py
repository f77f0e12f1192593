"""Installing our addons on large books: time, memory, locks, and what the planner knows then."""

import os
import re
import subprocess
import time

from environment.console import step
from environment.paths import log_file, state_dir
from environment.process import ending_with_us, failure

from .figures import Figure, milliseconds
from .locks import LockWatch
from .worker_client import Worker

MINUTES_TO_INSTALL = 10
MEMORY_GROWTH = 1.2
#: The addon that links invoices to the deals of their orders.
LINKING = "crm_accounting_bridge_sale"
#: Addons whose scheduled actions compute the figures of deals that were there before them.
DEALS = ["account_receivable_settlement", "crm_accounting_bridge", LINKING]
WATCHED = "account_move_line"
#: What figures may take before the database's statistics are collected, as a multiple of after.
TIMES_ANALYZED = 1.3


def measure_installing(databases, addons, small_books, books):
    """Install on few invoices and on all: time, and memory that must not grow.

    :param books: a database name; our addons are there afterwards.
    """
    environment, query = databases.environment, databases.query
    small = databases.copy_of(small_books, "small")
    with step(f"Installing {', '.join(addons)}"):
        small_peak, _log = _install(environment, small, addons)
    databases.databases.drop(small)
    with step("Installing on all invoices"), LockWatch(environment, books, WATCHED) as watch:
        start = time.monotonic()
        peak, log = _install(environment, books, addons)
        seconds = time.monotonic() - start
    yield Figure(
        "installing our addons",
        f"{seconds:.0f} s",
        f"{MINUTES_TO_INSTALL} min",
        seconds <= MINUTES_TO_INSTALL * 60,
    )
    for addon, addon_seconds in _seconds_by_addon(log).items():
        if addon == LINKING:
            yield Figure(f"  of this {addon}, which finds orders", f"{addon_seconds:.1f} s")
    yield Figure(
        "  longest time in which nobody could write journal items", f"{watch.closed:.1f} s"
    )
    yield Figure("  longest transaction that wrote journal items", f"{watch.written:.1f} s")
    growth = peak / small_peak
    yield Figure(
        "  memory of the Odoo process, against a tenth of the invoices",
        f"{peak // 1024} MB, × {growth:.2f}",
        f"× {MEMORY_GROWTH}",
        growth <= MEMORY_GROWTH,
    )
    databases.databases.stop_autovacuum(books)
    with Worker(environment, books) as worker:
        yield from _measure_scheduled(worker)
        yield from _measure_statistics(worker, lambda: query("ANALYZE", books))


def _install(environment, database, addons):
    """Install; return the most memory that the process had, in kB, and what it logged."""
    command = environment.command(
        *("-d", database, "-i", ",".join(addons), "--stop-after-init", "--no-http")
    )
    log = log_file("benchmark-install")
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen(
            ending_with_us(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment.environ,
            cwd=state_dir(),
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise failure(command, log)
    return usage.ru_maxrss, log.read_text(encoding="utf-8", errors="replace")


def _seconds_by_addon(log):
    """As Odoo logs it: hooks included, each addon one transaction."""
    found = re.findall(r"Module (\w+) loaded in ([\d.]+)s", log)
    return {addon: float(seconds) for addon, seconds in found}


def _measure_scheduled(worker):
    with step("Waiting for the figures of all deals"):
        done = worker.call("inside", "work_off", addons=DEALS)
    yield Figure(
        "figures of all deals, by scheduled actions after the installation",
        f"{done['seconds']:.1f} s, {done['runs']} runs, {done['waiting']} left",
        "nothing left",
        not done["waiting"],
    )


def _measure_statistics(worker, analyze):
    """Nobody but us has collected statistics so far: autovacuum is off in the books."""
    deals = {"one deal": 1, "500 deals": 500}
    fresh = [_get_seconds(worker, count) for count in deals.values()]
    analyze()
    analyzed = [_get_seconds(worker, count) for count in deals.values()]
    for title, before, after in zip(deals, fresh, analyzed, strict=True):
        ratio = before / after
        yield Figure(
            f"figures of {title}, as installed",
            f"{milliseconds(before)}, × {ratio:.2f}",
            f"× {TIMES_ANALYZED} of after ANALYZE",
            ratio <= TIMES_ANALYZED,
        )


def _get_seconds(worker, count):
    """The least of several: other work on the machine shall not look like a bad plan."""
    return worker.call("measure_1_figures", "figures_of_deals", count=count)["least"]
