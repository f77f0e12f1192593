"""The server that setup/run starts: it answers, people get in, pages are whole."""

import pytest
import requests

from environment.addons import our_addons
from environment.command_run import LOGINS

WITH_OUR_USERS = pytest.mark.skipif(
    "crm_accounting_bridge" not in our_addons(), reason="the users come with crm_accounting_bridge"
)


def test_login_page_answers(odoo):
    answer = requests.get(f"{odoo.url}/web/login", timeout=30)
    assert answer.status_code == 200
    assert 'name="password"' in answer.text


def test_our_addons_are_installed(odoo):
    installed = odoo.api().search_read(
        "ir.module.module", [["name", "in", our_addons()], ["state", "=", "installed"]], "name"
    )
    assert sorted(module["name"] for module in installed) == our_addons()


def test_external_api_refuses_a_wrong_key(odoo):
    answer = requests.post(
        f"{odoo.url}/json/2/res.partner/search",
        json={"domain": []},
        headers={"Authorization": "bearer wrong", "X-Odoo-Database": odoo.database},
        timeout=30,
    )
    assert answer.status_code == 401


def test_administrator_sees_icons_and_no_error(visit):
    page = visit("admin").page
    page.wait_for_selector(".fa")
    assert page.evaluate("document.fonts.load('16px FontAwesome').then(found => found.length)")


@WITH_OUR_USERS
@pytest.mark.parametrize(("login", "password"), [login[:2] for login in LOGINS])
def test_everybody_gets_in(odoo, visit, login, password):
    assert login in odoo.logins
    visit(login, password).open("/odoo")
