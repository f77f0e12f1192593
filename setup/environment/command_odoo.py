"""setup/odoo: Odoo's own command line with our addons, data folder and database server."""

import os
import sys

from .odoo import prepare


def main(arguments):
    tests = any(argument.startswith("--test") for argument in arguments)
    environment = prepare(with_browser=tests)
    command = environment.command(*arguments)
    sys.stdout.flush()
    os.execve(command[0], command, environment.environ)
