"""The generator's books are what Odoo itself would have stored."""

import pytest

from benchmark.worker_client import Worker
from environment.databases import Databases
from environment.paths import checkout_key

INVOICES = 3000


@pytest.fixture(scope="module")
def worker(environment):
    """Odoo without our addons on small books."""
    databases = Databases(environment)
    database = f"bench_{checkout_key()}_test"
    databases.copy(databases.template(demo=False), database)
    try:
        with Worker(environment, database) as worker:
            worker.call("inside", "write_books", invoices=INVOICES, today="2025-06-30")
            yield worker
    finally:
        databases.drop(database)


def test_odoo_computes_the_same(worker):
    assert worker.call("books.consistency", "find_differences", sample=500) == []


def test_a_wrong_residual_is_noticed(worker):
    assert len(worker.call("books.consistency", "find_planted_difference")) == 2


def test_every_case_is_there(worker):
    shares = worker.call("books.consistency", "count_cases")
    missing = [case for case, count in shares.items() if not count]
    assert not missing
