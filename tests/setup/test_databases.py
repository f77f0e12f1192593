from environment.databases import Databases
from environment.paths import checkout_key


def test_autovacuum_leaves_a_database_of_tests_alone(environment):
    databases = Databases(environment)
    database = f"test_{checkout_key()}_autovacuum"
    databases.copy(databases.template(demo=False), database)
    try:
        databases.stop_autovacuum(database)
        vacuumed = databases.query(
            "SELECT relname FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND NOT COALESCE('autovacuum_enabled=off' = ANY(reloptions), FALSE)",
            database,
        )
        assert vacuumed == []
    finally:
        databases.drop(database)
