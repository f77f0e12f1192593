"""Every menu item, view, filter and button of ours, as each person, without an error."""

import json
from pathlib import Path

from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import checkout_key, log_file

SCRIPT = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from roles.clicks import look
look(env)
env.cr.rollback()
"""


def test_every_click_works(environment):
    databases = Databases(environment)
    name = f"clicks_{checkout_key()}"
    databases.copy(databases.template(demo=True), name)
    try:
        databases.install(name, our_addons(), True, log_file("clicks"))
        output = environment.shell(name, SCRIPT)
    finally:
        databases.drop(name)
    found = json.loads(output.split("@@@")[1])
    print(found["counts"])
    assert not found["failures"], "\n".join(found["failures"])
    assert min(found["counts"][kind] for kind in ("list", "form", "button", "filter")) > 100
    assert min(found["counts"][kind] for kind in ("kanban", "graph", "pivot", "new")) > 10
