"""setup/run: Odoo with our addons and demo data on this machine."""

import argparse
import os
import signal
import time

from . import server
from .console import SetupError, say, step
from .databases import Databases
from .odoo import prepare
from .paths import log_file
from .postgres import PrivateServer

LOGINS = [
    ("salesperson", "salesperson", "own deals and customers"),
    ("salesmanager", "salesmanager", "all deals, sales settings"),
    ("accountant", "accountant", "invoices and payments"),
    ("admin", "admin", "administrator"),
]

DESCRIPTION = """\
Start Odoo 19 with our addons and a demo database; whatever is missing is prepared first.
ODOO_PORT chooses the port (8069), CRM_ACCOUNTING_DATABASE the database (demo).
"""


def main(arguments):
    parser = argparse.ArgumentParser("setup/run", description=DESCRIPTION)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--detach", action="store_true", help="return once Odoo answers")
    action.add_argument("--stop", action="store_true", help="end Odoo and its database server")
    parser.add_argument("--reset", action="store_true", help="begin with a fresh database")
    options = parser.parse_args(arguments)
    if options.stop:
        return stop()
    running = server.running_server()
    if running and options.reset:
        running.stop()
    elif running:
        show(running)
        return 0
    started = start(fresh=options.reset)
    show(started)
    return 0 if options.detach else stay_with(started)


def start(fresh):
    port = port_from_environment()
    server.require_free_port(port)
    environment = prepare(with_browser=False)
    database = os.environ.get("CRM_ACCOUNTING_DATABASE", "demo")
    Databases(environment).prepare_demo(database, fresh)
    with step("Starting Odoo"):
        started = server.start(environment, database, port, log_file("server"))
        server.remember(started)
        started.wait_for_login_page()
    return started


def port_from_environment():
    text = os.environ.get("ODOO_PORT", "8069")
    if not text.isdigit() or not 0 < int(text) < 2**16:
        raise SetupError(f"ODOO_PORT is {text!r}, which is no port number.")
    return int(text)


def show(running):
    print(f"\nOdoo is ready at {running.address}\n")
    row = "  {:14}{:14}{}"
    print(row.format("login", "password", "sees"))
    for login in LOGINS:
        print(row.format(*login))
    print(f"\nIts log is {running.log}; setup/run --stop ends it.", flush=True)


def stay_with(running):
    """Wait until Odoo ends or a person ends it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say("Ctrl-C ends it too.")
    try:
        while running.is_running():
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("\n- Ending Odoo")
        running.stop()
        return 0
    raise SetupError(f"Odoo ended by itself; see {running.log}")


def stop():
    stopped = server.stop_running_server()
    say("Odoo is stopped." if stopped else "Odoo was not running.")
    if PrivateServer().stop():
        say("The database server is stopped.")
    return 0
