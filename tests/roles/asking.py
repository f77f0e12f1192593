"""Asking a database with all our addons from inside Odoo."""

import json

from environment.databases import Databases
from environment.paths import TESTS, checkout_key

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from roles.{module} import look
look(env)
env.cr.rollback()
"""


def ask(environment, module, demo):
    """What ``look`` of one of the modules here prints."""
    databases = Databases(environment)
    name = f"roles_{checkout_key()}_{module}"
    databases.copy(databases.template(demo, with_ours=True), name)
    try:
        output = environment.shell(name, SCRIPT.format(tests=str(TESTS), module=module))
    finally:
        databases.drop(name)
    return json.loads(output.split("@@@")[1])
