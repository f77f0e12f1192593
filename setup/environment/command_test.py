"""setup/test: the linters, the addons' Odoo tests and tests/, together or some of them."""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .addons import addons_for_tests, our_addons
from .console import SetupError, step
from .lint import lint
from .lock import locked
from .odoo import prepare
from .odoo_tests import run_tests
from .paths import TESTS, state_dir
from .postgres import PrivateServer
from .python_tests import test_repository
from .results import Results, closing_line, slowest

DESCRIPTION = """\
Without arguments everything runs. An addon's name runs its Odoo tests, a path below tests/ runs
pytest there, the word lint runs the linters. What follows -- goes to pytest.
"""


def main(arguments):
    own, pytest_options = split(arguments)
    parser = argparse.ArgumentParser("setup/test", description=DESCRIPTION)
    parser.add_argument("what", nargs="*", help="addon, path below tests/, or lint")
    wanted = sort_out(parser.parse_args(own).what)
    if pytest_options and not wanted["paths"]:
        wanted["paths"] = ["tests"]
    with locked(state_dir() / "test.lock", "testing in this checkout"):
        private_server = PrivateServer()
        was_running = private_server.running()
        environment = prepare(with_browser=bool(wanted["addons"] or wanted["paths"]))
        try:
            parts = run(environment, wanted, pytest_options)
        finally:
            if not was_running and private_server.running() and not environment.postgres.is_used():
                private_server.stop()
    if times := slowest(parts):
        print("\n".join(["\nSlowest tests:", *times]))
    for part in parts:
        part.show()
    print(f"\n{closing_line(parts)}", flush=True)
    return int(any(part.failures for part in parts))


def split(arguments):
    """What is ours, and what follows -- for pytest."""
    if "--" not in arguments:
        return arguments, []
    position = arguments.index("--")
    return arguments[:position], arguments[position + 1 :]


def sort_out(words):
    """What to run: linters or not, addons, paths for pytest, and Odoo's checks of all models."""
    if not words:
        return {
            "lint": True,
            "addons": [*our_addons(), *addons_for_tests()],
            "paths": ["tests"],
            "core_checks": True,
        }
    wanted = {"lint": False, "addons": [], "paths": [], "core_checks": False}
    for word in words:
        path = Path(word.split("::")[0]).absolute()
        if word == "lint":
            wanted["lint"] = True
        elif is_addon(word):
            wanted["addons"].append(path.name)
        elif path.exists() and path.is_relative_to(TESTS):
            wanted["paths"].append(word)
        else:
            raise SetupError(f"{word} is no addon of ours, no path below tests/ and not lint.")
    return wanted


def is_addon(word):
    name = word.rstrip("/").removeprefix("tests/").removeprefix("addons/")
    return name in [*our_addons(), *addons_for_tests()]


def run(environment, wanted, pytest_options):
    """Run the wanted parts beside each other: each keeps one processor busy."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool, step(title(wanted)):
        waiting = []
        if wanted["lint"]:
            waiting.append(pool.submit(lint, environment).result)
        if wanted["paths"]:
            waiting.append(
                pool.submit(test_repository, environment, wanted["paths"], pytest_options).result
            )
        if wanted["addons"]:
            waiting.append(run_tests(environment, pool, wanted["addons"], wanted["core_checks"]))
        return [wait() for wait in waiting] or [nothing()]


def title(wanted):
    parts = ["the linters"] * wanted["lint"] + wanted["addons"] + wanted["paths"]
    return f"Testing {', '.join(parts)}"


def nothing():
    results = Results("tests")
    results.fail("there was nothing to test")
    return results
