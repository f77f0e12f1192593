"""For upgrades in which a model moves from one addon to another."""

from odoo.tools.sql import SQL, table_columns


def mark_to_upgrade(cr, module, version):
    """Have an addon loaded later in this run, as one that was installed in this version.

    An installation would overwrite what people changed, such as the interval of a scheduled action,
    and would leave out the migrations of later versions.
    """
    cr.execute(
        SQL(
            """
            UPDATE ir_module_module
               SET state = CASE state WHEN 'uninstalled' THEN 'to upgrade' ELSE state END,
                   latest_version = COALESCE(latest_version, %s)
             WHERE name = %s
            """,
            version,
            module,
        )
    )
    if not cr.rowcount:
        raise RuntimeError(
            f"The addon {module} is not in the addons path: what the database holds of it would be"
            " deleted. Put all addons of this repository there, and upgrade again."
        )


def move_records(cr, old_module: str, new_module: str, patterns: list[str]):
    """Have the records of one addon belong to another, with their ids.

    Run before the old addon is upgraded, for at its end Odoo deletes what an upgraded addon did
    not load again: views, actions, scheduled actions, and fields with their columns.

    :param patterns: of the names of external ids, as in SQL's ``LIKE``. Models, fields,
        selections, rights, rules, views, actions, menus and scheduled actions (with their server
        actions) have one each; constraints and relation tables follow the models.
    """
    moved = """
        SELECT model.id FROM ir_model model
          JOIN ir_model_data data ON data.model = 'ir.model' AND data.res_id = model.id
         WHERE data.module = %(new)s
    """
    values = {"old": old_module, "new": new_module, "patterns": patterns}
    cr.execute(
        SQL(
            """
            UPDATE ir_model_data data
               SET module = %(new)s
             WHERE module = %(old)s
               AND name LIKE ANY(%(patterns)s)
               AND NOT EXISTS (SELECT FROM ir_model_data other
                                WHERE other.module = %(new)s AND other.name = data.name)
            """,
            **values,
        )
    )
    for table in ("ir_model_constraint", "ir_model_relation"):
        cr.execute(
            SQL(
                """
                UPDATE %(table)s moving
                   SET module = (SELECT id FROM ir_module_module WHERE name = %(new)s)
                 WHERE module = (SELECT id FROM ir_module_module WHERE name = %(old)s)
                   AND model IN (%(moved)s)
                """,
                table=SQL.identifier(table),
                moved=SQL(moved, new=new_module),
                old=old_module,
                new=new_module,
            )
        )


def remember_rules(cr, module: str):
    """Keep the record rules of an addon as people edited them, to the end of the transaction.

    An upgrade leaves rules alone; an addon that is new below another one is installed, which sets
    them back.
    """
    cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE ir_rule_kept ON COMMIT DROP AS
            SELECT rule.* FROM ir_rule rule
              JOIN ir_model_data data ON data.model = 'ir.rule' AND data.res_id = rule.id
             WHERE data.module = %s
            """,
            module,
        )
    )


def restore_rules(cr):
    """Have the record rules be as :func:`remember_rules` kept them."""
    columns = table_columns(cr, "ir_rule").keys() - {"id"}
    cr.execute(
        SQL(
            """
            UPDATE ir_rule rule
               SET (%(columns)s) = (SELECT %(columns)s FROM ir_rule_kept kept
                                     WHERE kept.id = rule.id)
             WHERE id IN (SELECT id FROM ir_rule_kept)
            """,
            columns=SQL(", ").join(map(SQL.identifier, sorted(columns))),
        )
    )
