"""An Odoo server in the background: start it, wait for its login page, find it again, end it."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass

from .console import SetupError
from .paths import state_dir
from .process import end, identity

HOST = "127.0.0.1"
SECONDS_TO_ANSWER = 300


@dataclass(frozen=True)
class Server:
    """A running Odoo."""

    pid: int
    identity: str
    port: int
    log: str

    @property
    def address(self):
        return f"http://{HOST}:{self.port}"

    def is_running(self):
        return identity(self.pid) == self.identity

    def stop(self):
        end(self.pid, self.identity)

    def wait_for_login_page(self):
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while self.is_running() and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.address}/web/login", timeout=30):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        self.stop()
        with open(self.log, errors="replace") as log:
            last_lines = "".join(log.readlines()[-15:])
        raise SetupError(f"Odoo did not start; the end of {self.log}:\n{last_lines}")


def require_free_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SetupError(
                f"Port {port} is taken by another program; ODOO_PORT chooses another one."
            ) from error


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def start(environment, database, port, log, append=False, options=()):
    """Start Odoo on one database, reachable from this machine only.

    :param options: of Odoo's, which win over those here.
    """
    require_free_port(port)
    command = environment.command(
        *("-d", database, f"--db-filter=^{database}$", "--no-database-list"),
        *("--http-port", port, "--workers", "0", *options),
    )
    with open(log, "a" if append else "w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment.environ,
            cwd=state_dir(),
            start_new_session=True,
        )
    return Server(process.pid, identity(process.pid), port, str(log))


# -- the demo server, known by a file --------------------------------------


def _file():
    return state_dir() / "server.json"


def remember(server):
    new = _file().with_suffix(".new")
    new.write_text(json.dumps(asdict(server)))
    new.replace(_file())


def running_server():
    """The demo server of this checkout, or None."""
    try:
        server = Server(**json.loads(_file().read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.is_running() else None


def stop_running_server():
    server = running_server()
    if server:
        server.stop()
    _file().unlink(missing_ok=True)
    return server
