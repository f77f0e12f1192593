"""Loading many rows: without indexes and foreign keys, which are made again afterwards."""

from contextlib import contextmanager

from odoo.tools import SQL


@contextmanager
def without_indexes(cr, tables):
    """Drop what slows loading down; the primary keys stay."""
    cr.execute(
        """
        SELECT format('%%I', conrelid::regclass::text), format('%%I', conname),
               pg_get_constraintdef(oid)
          FROM pg_constraint
         WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
        """,
        [tables],
    )
    foreign_keys = cr.fetchall()
    cr.execute(
        """
        SELECT format('%%I', indexrelid::regclass::text), pg_get_indexdef(indexrelid)
          FROM pg_index
         WHERE indrelid::regclass::text = ANY(%s)
           AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
        """,
        [tables],
    )
    indexes = cr.fetchall()
    for table, name, _definition in foreign_keys:
        cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(name))
        )
    for name, _definition in indexes:
        cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
    yield
    for _name, definition in indexes:
        cr.execute(definition)
    # Every row that was loaded is checked here: books that point nowhere do not pass.
    for table, name, definition in foreign_keys:
        cr.execute(
            SQL(
                "ALTER TABLE %s ADD CONSTRAINT %s %s",
                SQL.identifier(table),
                SQL.identifier(name),
                SQL(definition),
            )
        )
