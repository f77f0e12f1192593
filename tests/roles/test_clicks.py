"""Every menu item, view, filter and button of ours, as each person, without an error."""

from .asking import ask


def test_every_click_works(environment):
    found = ask(environment, "clicks", demo=True)
    print(found["counts"])
    assert not found["failures"], "\n".join(found["failures"])
    assert min(found["counts"][kind] for kind in ("list", "form", "button", "filter")) > 100
    assert min(found["counts"][kind] for kind in ("kanban", "graph", "pivot", "new")) > 10
