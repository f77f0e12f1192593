"""Who may what, over all our models and fields: generated, so that none can be forgotten."""

import pytest

from .asking import ask
from .declared import (
    HELD_MODELS,
    OUTSIDE,
    RIGHTS,
    SEEN_BY_STRANGERS,
    SEEN_IN_DIGESTS,
    SEEN_OF_HOLDS,
    SEEN_OUTSIDE,
)


@pytest.fixture(scope="module")
def found(environment):
    """What the registry of a database with all our addons says."""
    return ask(environment, "inside", demo=False)


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
