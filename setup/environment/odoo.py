"""Odoo ready to run: the source, Python, database server and browser put together."""

import os
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from .browser import find_browser
from .console import SetupError
from .odoo_source import Odoo, find_odoo
from .paths import ADDONS, MEGABYTES_TO_RUN, TEST_ADDONS, digest, require_space, state_dir
from .postgres import Postgres, find_postgres
from .process import failure, run_logged
from .python_env import find_python

START_SCRIPT = """\
import odoo.cli

odoo.cli.main()
"""
MODULE_LINE = re.compile(r"Loading module (\S+) \((\d+)/(\d+)\)")
TEST_LINE = re.compile(r"Starting (\S+) \.\.\.")


def prepare(with_browser=True):
    """Get whatever is missing and return the environment to run Odoo in."""
    python = find_python()
    odoo = find_odoo()
    browser = find_browser() if with_browser else None
    require_space(MEGABYTES_TO_RUN)
    return Environment(odoo, python, find_postgres(python), browser)


@dataclass(frozen=True)
class Environment:
    """Everything that is needed to run Odoo with our addons."""

    odoo: Odoo
    python: Path
    postgres: Postgres
    browser: Path | None
    addons: Path = ADDONS  # an older version of them, where an upgrade is tested
    packages: Path | None = None  # where pip put Python packages and addons of others

    @property
    def data_dir(self):
        return state_dir() / "data"

    @property
    def environ(self):
        """Environment variables for Odoo and for the tests."""
        first = [self.python.parent] + ([self.browser.parent] if self.browser else [])
        variables = {
            **os.environ,
            **self.postgres.environ,
            "ODOO_RC": str(self._write_configuration()),
            "PATH": os.pathsep.join([*map(str, first), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": os.pathsep.join(
                str(folder) for folder in (self.odoo.python_path, self.packages) if folder
            ),
        }
        if os.environ.get("ODOO_HOME"):  # leave no compiled files in it
            variables["PYTHONPYCACHEPREFIX"] = str(state_dir() / "pycache")
        # A database that somebody's shell has in mind is not the one that we mean.
        for name in ("PGDATABASE", "OPENERP_SERVER"):
            variables.pop(name, None)
        return variables

    def command(self, *arguments):
        return [str(self.python), str(self._write_start_script()), *map(str, arguments)]

    def run(self, log, *arguments, allow_failure=False):
        """Run Odoo to its end with its log in a file."""
        command = self.command(*arguments)
        status = run_logged(
            command, log, progress=how_far, allow_failure=True, env=self.environ, cwd=state_dir()
        )
        if status and not allow_failure:
            raise failure(["Odoo"], log)
        return status

    def shell(self, database, code, log=None):
        """Run Python code in `odoo shell` (it commits by itself) and return what it prints.

        :param log: a file for Odoo's warnings
        """
        done = subprocess.run(
            self.command("shell", "-d", database, "--log-level=warn", "--no-http"),
            input=code,
            env=self.environ,
            cwd=state_dir(),
            capture_output=True,
            text=True,
            check=False,
        )
        if log:
            log.write_text(done.stderr, encoding="utf-8")
        if done.returncode or "Traceback" in done.stderr:
            raise SetupError(f"odoo shell failed:\n{done.stderr}")
        return done.stdout

    def _write_configuration(self):
        folders = (self.addons, TEST_ADDONS)
        ours = [folder for folder in folders if any(folder.glob("*/__manifest__.py"))]
        addons_path = ",".join(map(str, [*ours, self.odoo.addons_path]))
        name = "odoo" if self.addons == ADDONS else f"odoo-{digest(str(self.addons))}"
        return write(
            state_dir() / f"{name}.conf",
            "[options]\n"
            f"addons_path = {addons_path}\n"
            f"data_dir = {self.data_dir}\n"
            "http_interface = 127.0.0.1\n",
        )

    @staticmethod
    def _write_start_script():
        folder = state_dir() / "bin"
        folder.mkdir(exist_ok=True)
        return write(folder / "odoo-server", START_SCRIPT)


def write(path, text):
    """Write a small file at once, so that nobody reads half of it."""
    if not path.exists() or path.read_text() != text:
        new = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        new.write_text(text)
        new.replace(path)
    return path


def how_far(text):
    """What Odoo's log says last about where it is."""
    tests = TEST_LINE.findall(text)
    if tests:
        return tests[-1]
    modules = MODULE_LINE.findall(text)
    return "module {1} of {2} ({0})".format(*modules[-1]) if modules else None
