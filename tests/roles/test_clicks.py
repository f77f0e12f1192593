"""What people press, and what programs call from outside, on a database with demo data."""

import pytest

from .asking import ask
from .declared import CALLS, ROUTES


@pytest.fixture(scope="module")
def found(environment):
    return ask(environment, "clicks", demo=True)


def test_every_click_works(found):
    """Every menu item, view, filter and button of ours, as each person, without an error."""
    print(found["counts"])
    assert not found["failures"], "\n".join(found["failures"])
    assert min(found["counts"][kind] for kind in ("list", "form", "button", "filter")) > 100
    assert min(found["counts"][kind] for kind in ("kanban", "graph", "pivot", "new")) > 10


def test_methods_answer_those_they_are_for(found):
    """Who is refused a button is refused the call, too."""
    assert len(found["callers"]) > 40
    undeclared = [
        f"{method}: {role}"
        for method, roles in found["callers"].items()
        for role in roles
        if role not in CALLS.get(method, CALLS.get(method.rsplit(".", 1)[1], ()))
    ]
    assert not undeclared, "\n".join(undeclared)


def test_addresses_are_for_people_who_logged_in(found):
    assert found["routes"] == ROUTES
