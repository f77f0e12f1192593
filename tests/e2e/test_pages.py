"""Every menu item of ours in a browser, in each of its views: nothing complains."""

import pytest

from environment.addons import our_addons
from environment.command_run import LOGINS

LOAD_MENUS = "() => fetch('/web/webclient/load_menus').then(answer => answer.json())"


@pytest.fixture(scope="module")
def seen():
    """Menu items that somebody before has opened."""
    return set()


def get_menus(page):
    """Our menu items that this person has, with the addresses of their actions."""
    menus = page.evaluate(LOAD_MENUS).values()
    return {
        menu["xmlid"]: "/odoo/{}".format(menu.get("actionPath") or f"action-{menu['actionID']}")
        for menu in menus
        if menu.get("actionID") and menu.get("xmlid", "").split(".")[0] in our_addons()
    }


@pytest.mark.parametrize(("login", "password"), [login[:2] for login in LOGINS])
def test_menus_and_their_views(odoo, visit, seen, login, password):
    """What somebody else has opened is not opened again: what is seen does not depend on who looks
    but by its rows, which other tests are about.
    """
    visitor = visit(login, password)
    page = visitor.page
    menus = {xmlid: path for xmlid, path in get_menus(page).items() if xmlid not in seen}
    seen.update(menus)
    for path in sorted(set(menus.values())):
        visitor.open(path)
        if not page.locator(".o_view_controller").count():
            page.wait_for_timeout(500)
        views = page.locator(".o_cp_switch_buttons .o_switch_view").count()
        for number in range(views):
            page.locator(".o_cp_switch_buttons .o_switch_view").nth(number).click()
            page.wait_for_selector(".o_view_controller")
            page.wait_for_load_state()
        assert not page.locator(".o_error_dialog").count(), path
        assert not visitor.problems, f"{path}: {visitor.problems}"
