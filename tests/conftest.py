"""Fixtures: a real Odoo server, its external API, and people with a browser."""

import datetime
import time

import pytest
from playwright.sync_api import sync_playwright

from environment.lock import locked
from environment.odoo import prepare
from environment.paths import state_dir
from support.odoo_server import OdooServer
from support.visitor import Visitor

# Odoo runs the tests of these.
collect_ignore = ["addons"]
# What the longest module needs on a slow machine.
MODULE_TIME = datetime.timedelta(minutes=15)


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="also what takes many minutes, see tests/neighbours"
    )


@pytest.fixture(scope="session")
def is_long(request):
    """Whether also what takes many minutes is wanted."""
    return request.config.getoption("--long")


@pytest.fixture(scope="module", autouse=True)
def one_day():
    """Real servers have the real day, and figures of two days differ: a module that
    midnight would interrupt begins after it.
    """
    now = datetime.datetime.now(datetime.UTC)
    midnight = datetime.datetime.combine(
        now.date() + datetime.timedelta(days=1), datetime.time(), datetime.UTC
    )
    if midnight - now < MODULE_TIME:
        time.sleep((midnight - now).total_seconds() + 1)


@pytest.fixture(scope="session")
def environment():
    """Odoo, Python, database server and browser, as setup/odoo uses them."""
    return prepare()


@pytest.fixture(scope="session")
def odoo_server(environment):
    """A running Odoo with our addons and demo data, on a database of its own."""
    server = OdooServer(environment)
    with locked(state_dir() / "e2e.lock", "testing end to end in this checkout"):
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def odoo(odoo_server):
    """The running Odoo; fails the test if something went wrong in the server's log."""
    yield odoo_server
    problems = odoo_server.new_problems()
    assert not problems, "Odoo's log:\n" + "\n".join(problems)


@pytest.fixture(scope="session")
def browser(environment):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=environment.browser)
        yield browser
        browser.close()


@pytest.fixture
def visit(odoo, browser):
    """visit(login, password): a logged-in Visitor; fails the test if their browser complains."""
    visitors = []

    def log_in(login, password=None):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        visitor = Visitor(page, odoo.url)
        visitors.append(visitor)
        visitor.log_in(login, password or login)
        return visitor

    yield log_in
    for visitor in visitors:
        visitor.page.context.close()
    problems = [problem for visitor in visitors for problem in visitor.problems]
    assert not problems, "\n".join(problems)
