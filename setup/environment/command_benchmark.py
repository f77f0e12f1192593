"""setup/benchmark: our addons on generated books, measured against bounds."""

import argparse
import sys

from .lock import locked
from .odoo import prepare
from .paths import TESTS, require_space, state_dir
from .postgres import PrivateServer

DESCRIPTION = """\
Generate books of a company with many invoices, install our addons on them and measure what
tests/benchmark says, as ratios against Odoo without our addons in the same run. Prints a table;
the exit status is 1 when something is out of its bound. 20,000 invoices take some 6 minutes,
200,000 some 12 and 6 GB on the disk.
"""
MEGABYTES_PER_THOUSAND_INVOICES = 20


def main(arguments):
    parser = argparse.ArgumentParser("setup/benchmark", description=DESCRIPTION)
    parser.add_argument("--invoices", type=int, default=20_000, metavar="N", help="default: 20000")
    parser.add_argument(
        "--only",
        action="append",
        metavar="WORD",
        help="only measurements with this word in their name, or with one of several",
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the databases; the next run uses the books again"
    )
    options = parser.parse_args(arguments)
    if options.invoices < 100:
        parser.error("fewer than 100 invoices say nothing")
    require_space(options.invoices * MEGABYTES_PER_THOUSAND_INVOICES // 1000)
    with locked(state_dir() / "benchmark.lock", "measuring in this checkout"):
        private_server = PrivateServer()
        was_running = private_server.running()
        environment = prepare(with_browser=False)
        try:
            return _run(environment, options)
        finally:
            if not was_running and private_server.running() and not environment.postgres.is_used():
                private_server.stop()


def _run(environment, options):
    sys.path.insert(0, str(TESTS))
    from benchmark.runner import run

    return run(environment, options)
