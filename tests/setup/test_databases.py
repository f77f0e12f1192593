import pytest

from environment.console import SetupError
from environment.databases import Databases
from environment.paths import checkout_key


@pytest.fixture
def databases(environment):
    return Databases(environment)


@pytest.fixture
def database(databases):
    name = f"test_{checkout_key()}_database"
    databases.copy(databases.template(demo=False), name)
    yield name
    databases.drop(name)


def test_autovacuum_leaves_a_database_of_tests_alone(databases, database):
    databases.stop_autovacuum(database)
    vacuumed = databases.query(
        "SELECT relname FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT COALESCE('autovacuum_enabled=off' = ANY(reloptions), FALSE)",
        database,
    )
    assert vacuumed == []


def test_statement_that_takes_too_long_is_ended(databases, database):
    databases.limit_statements(database, seconds=1)
    with pytest.raises(SetupError, match="statement timeout"):
        databases.query("SELECT pg_sleep(5)", database)
