"""The linters. Every tool counts as one check."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

from .paths import ADDONS, ROOT, TESTS
from .results import Results

# What is right in an Odoo addon only: scripts print, and their classes are no Odoo models.
NOT_FOR_SCRIPTS = "--disable=print-used,method-required-super,missing-return"


def commands(python):
    """The linters by name; .pre-commit-config.yaml calls them through `setup/test lint`."""
    ruff = [python.parent / "ruff"]
    pylint = [python, "-m", "pylint", "--rcfile", ROOT / ".pylintrc"]
    addons = sorted(file.parent for file in ADDONS.glob("*/__manifest__.py"))
    scripts = [ROOT / "setup", *(sorted(TESTS.rglob("*.py")))]
    found = {
        "ruff check": [*ruff, "check", ROOT],
        "ruff format": [*ruff, "format", "--diff", "--quiet", ROOT],
        "pylint-odoo of scripts": [*pylint, NOT_FOR_SCRIPTS, *scripts],
    }
    if addons:
        found["pylint-odoo of addons"] = [*pylint, *addons]
        found["addons' pages"] = [python, ROOT / "setup" / "documents.py", "--check"]
        found["oca-checks-odoo-module"] = [python.parent / "oca-checks-odoo-module", *addons]
    return found


def lint(environment):
    """Run all linters and return their results."""
    results = Results("lint")
    python = environment.python
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = {name: pool.submit(run, call) for name, call in commands(python).items()}
        runs["XML files"] = pool.submit(check_xml)
    for name, run_of_it in runs.items():
        output = run_of_it.result()
        results.add(name, output is None, output)
    return results


def run(command):
    """None if the linter is content, else what it says."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return done.stdout if done.returncode else None


def check_xml():
    """None if every XML file can be read, else what is wrong with the others."""
    wrong = []
    for file in sorted([*ADDONS.rglob("*.xml"), *TESTS.rglob("*.xml")]):
        try:
            ElementTree.parse(file)
        except ElementTree.ParseError as error:
            wrong.append(f"{file.relative_to(ROOT)}: {error}")
    return "\n".join(wrong) or None
