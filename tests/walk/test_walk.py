"""Thousands of operations of all addons at random; again and again everything is recomputed.

``WALK_SEED`` repeats the walk of a day, ``WALK_STEPS`` says how many operations it takes.
"""

import json
import os
import time

import pytest

from environment.databases import Databases
from environment.paths import TESTS, checkout_key, log_file

#: So many, or as many as fit into this time; ``--long`` takes more.
OPERATIONS, SECONDS = 400, 150
MANY_OPERATIONS = 5000
#: Of ten operations Odoo refuses one at most.
REFUSED = 0.1
#: Of some 90 kinds of operations a long walk meets more than these.
KINDS = 80

WALK = """
import json, sys
sys.path.append(%r)
from walk import inside
told = inside.walk(env, seed=%d, operations=%d, seconds=%d)
print("RESULT " + json.dumps(told))
"""


@pytest.fixture
def database(environment):
    """All our addons, and nobody's data."""
    databases = Databases(environment)
    name = f"walk_{checkout_key()}"
    databases.copy(databases.template(demo=False, with_ours=True), name)
    yield name
    databases.drop(name)


def test_everything_is_what_the_books_say(environment, database, is_long):
    seed = int(os.environ.get("WALK_SEED") or time.strftime("%Y%m%d"))
    # However long it takes.
    wanted = int(os.environ.get("WALK_STEPS") or (MANY_OPERATIONS if is_long else 0))
    seconds = 24 * 60 * 60 if wanted else SECONDS
    output = environment.shell(
        database,
        WALK % (str(TESTS), seed, wanted or OPERATIONS, seconds),
        log=log_file("walk"),
    )
    told = json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0])
    count, refused = sum(told["operations"].values()), sum(told["refused"].values())
    print(f"\n{count:,} operations, 0 differences (seed {seed}); {told}")
    assert refused < (count + refused) * REFUSED, told["refused"]
    assert told["checks"] > 0
    assert count >= wanted
    if wanted >= MANY_OPERATIONS:
        assert len(told["operations"]) > KINDS, "nearly everything that there is was done"
