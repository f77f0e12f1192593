"""Who may what, over all our models and fields: generated, so that none can be forgotten."""

import json
from pathlib import Path

import pytest

from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import checkout_key, log_file

from .declared import (
    HELD_MODELS,
    OUTSIDE,
    RIGHTS,
    SEEN_BY_STRANGERS,
    SEEN_IN_DIGESTS,
    SEEN_OF_HOLDS,
    SEEN_OUTSIDE,
)

SCRIPT = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from roles.inside import look
look(env)
env.cr.rollback()
"""


@pytest.fixture(scope="module")
def found(environment):
    """What the registry of a database with all our addons says."""
    databases = Databases(environment)
    name = f"roles_{checkout_key()}"
    databases.copy(databases.template(demo=False), name)
    try:
        databases.install(name, our_addons(), False, log_file("roles"))
        output = environment.shell(name, SCRIPT)
    finally:
        databases.drop(name)
    return json.loads(output.split("@@@")[1])


def is_declared(role, field):
    if role in OUTSIDE:
        return field in SEEN_OUTSIDE
    model, name = field.rsplit(".", 1)
    return (
        field in SEEN_BY_STRANGERS
        or field.startswith(SEEN_IN_DIGESTS)
        or (model in HELD_MODELS and name in SEEN_OF_HOLDS)
    )


def test_rights_on_our_models(found):
    rights = {
        model: {role: letters for role, letters in roles.items() if letters}
        for model, roles in found["rights"].items()
    }
    assert rights == RIGHTS


def test_fields_in_models_of_others(found):
    assert found["fields"] > 50
    undeclared = [
        f"{role}: {field}"
        for role, fields in found["seen"].items()
        for field in fields
        if not is_declared(role, field)
    ]
    assert not undeclared, "\n".join(undeclared)


def test_who_may_not_read_a_field_learns_nothing_by_it(found):
    assert not found["leaks"], "\n".join(found["leaks"])
