"""What a database holds of our addons, row by row, to be compared before and after an upgrade."""

import json

#: Where Odoo keeps the records of a model whose table is not named after it.
TABLES = {
    "ir.actions.act_window": "ir_act_window",
    "ir.actions.act_window.view": "ir_act_window_view",
    "ir.actions.client": "ir_act_client",
    "ir.actions.report": "ir_act_report_xml",
    "ir.actions.server": "ir_act_server",
}

#: Tables that people, too, add to. Rows without an external id are theirs.
OPEN_TO_PEOPLE = (
    "ir.actions.act_window",
    "ir.actions.server",
    "ir.cron",
    "ir.default",
    "ir.embedded.actions",
    "ir.exports",
    "ir.exports.line",
    "ir.filters",
    "ir.model.access",
    "ir.rule",
    "ir.ui.menu",
    "ir.ui.view",
    "mail.template",
    "res.groups",
)

#: Who is in which group, and what groups, actions and menus have to do with each other.
RELATIONS = (
    "ir_act_server_group_rel",
    "ir_ui_menu_group_rel",
    "ir_filters_res_users_rel",
    "res_groups_implied_rel",
    "res_groups_users_rel",
    "rule_group_rel",
)

#: Tables that an upgrade of an addon is to change: Odoo's own about addons, and its messengers.
OF_ODOO = ("ir_", "orm_", "bus_")

#: As many tables are asked for in one statement: it has to fit into an argument of a program.
TABLES_AT_ONCE = 100

#: Who wrote a row last, and when, is no content of it; nor is how deep a tree was written.
NOT_CONTENT = ("write_uid", "write_date", "parent_path")


def table_of(model):
    return TABLES.get(model, model.replace(".", "_"))


class Inventory:
    """Everything of these addons in a database, by what it was when this object was made.

    Where the addons keep it later does not matter: what has another addon has not gone.

    :param query: function from a statement to rows of text.
    """

    def __init__(self, query, addons):
        self._query = query
        self._addons = literals(addons)
        self._tables = self._own_tables()
        self._models = literals(self._own_models(wizards=False))
        self._columns = self._own_columns()
        self._fields = ",".join(self._own_field_ids())
        self._others = self._other_tables()
        self._data = self._query(
            "SELECT module, name, model, res_id, noupdate FROM ir_model_data"
            f" WHERE module IN ({self._addons}) ORDER BY module, name"
        )

    # What is ours -----------------------------------------------------------------------------

    def _is_ours(self, model, record):
        """Condition: our addons know this record, and no other addon does."""
        return (
            f"(SELECT BOOL_AND(module IN ({self._addons})) FROM ir_model_data data"
            f" WHERE data.model = '{model}' AND data.res_id = {record})"
        )

    def _own_models(self, wizards):
        rows = self._query(
            f"SELECT model FROM ir_model WHERE {self._is_ours('ir.model', 'ir_model.id')}"
            f" AND COALESCE(transient, FALSE) = {wizards} ORDER BY model"
        )
        return [model for [model] in rows]

    def _own_tables(self, wizards=False):
        """Tables of our models, or of our wizards, which hold nothing that is to stay."""
        models = self._own_models(wizards=wizards)
        relations = self._query(
            "SELECT relation.name FROM ir_model_relation relation"
            " JOIN ir_module_module module ON module.id = relation.module"
            f" WHERE module.name IN ({self._addons}) ORDER BY relation.name"
        )
        of_wizards = [table_of(model) for model in self._own_models(wizards=True)]
        names = [
            *map(table_of, models),
            *(
                name
                for [name] in relations
                if any(wizard in name for wizard in of_wizards) == wizards
            ),
        ]
        return [name for name in names if self._table_exists(name)]

    def _table_exists(self, table):
        kind = f"SELECT relkind FROM pg_class WHERE oid = to_regclass('{table}')"
        return self._query(kind) == [["r"]]

    def _own_field_ids(self):
        rows = self._query(
            "SELECT field.id FROM ir_model_fields field"
            f" WHERE {self._is_ours('ir.model.fields', 'field.id')}"
        )
        return [field_id for [field_id] in rows]

    def _own_columns(self):
        """Columns that our addons added to tables of others, by table; not to wizards."""
        columns = {}
        for table, column in self._query(
            "SELECT columns.table_name, columns.column_name FROM ir_model_fields field"
            " JOIN ir_model model ON model.id = field.model_id"
            " JOIN information_schema.columns"
            " ON table_name = REPLACE(field.model, '.', '_') AND column_name = field.name"
            f" WHERE {self._is_ours('ir.model.fields', 'field.id')}"
            f" AND NOT {self._is_ours('ir.model', 'model.id')}"
            " AND NOT COALESCE(model.transient, FALSE)"
            " ORDER BY 1, 2"
        ):
            columns.setdefault(table, []).append(column)
        return columns

    def _other_tables(self):
        """Columns that are not ours of tables that are read in no other way, by table."""
        apart = {*self._tables, *self._own_tables(wizards=True), "mail_message"}
        columns = {}
        for table, column in self._query(
            "SELECT columns.table_name, columns.column_name FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            " ORDER BY columns.table_name, ordinal_position"
        ):
            is_apart = table in apart or column in self._columns.get(table, ())
            if not is_apart and not table.startswith(OF_ODOO) and column not in NOT_CONTENT:
                columns.setdefault(table, []).append(column)
        return columns

    # What it holds ----------------------------------------------------------------------------

    def read(self):
        """Rows by key, by title of what they are."""
        return {
            **{f"table {table}": self._rows(table) for table in self._tables},
            **{f"columns of {table}": self._values(table) for table in self._columns},
            "external ids": self._external_ids(),
            "records that people edit": self._edited_records(),
            **{f"people's own {model}": self._people_rows(model) for model in OPEN_TO_PEOPLE},
            **{f"relation {table}": self._rows(table) for table in RELATIONS},
            # Odoo notes that a scheduled action was made, which is none of a customer's messages.
            "table mail_message": self._rows(
                "mail_message", "COALESCE(model, '') NOT IN ('ir.cron', 'ir.actions.server')"
            ),
            "attachments": self._rows("ir_attachment", f"res_model IN ({self._models})"),
            "tracked values": self._rows("mail_tracking_value", f"field_id IN ({self._fields})"),
            "people's own fields": self._rows("ir_model_fields", "state = 'manual'"),
            "labels in other languages": self._labels(),
            "templates": self._templates(),
            "parameters": self._rows(
                "ir_config_parameter", f"SPLIT_PART(key, '.', 1) IN ({self._addons})"
            ),
            "tables of others": self._digests(),
        }

    def _json(self, select):
        return [json.loads("\t".join(row)) for row in self._query(select)]

    def _rows(self, table, condition="TRUE"):
        """Rows by id; of a table without ids, each by itself. None if there is no such table."""
        if not self._table_exists(table):
            return None
        rows = self._json(f"SELECT row_to_json(t) FROM {table} t WHERE {condition}")
        for row in rows:
            for column in NOT_CONTENT:
                row.pop(column, None)
        return {row.get("id") or json.dumps(row): row for row in rows}

    def _values(self, table):
        """Our columns of a table that is not ours; those that are still there."""
        columns = {"id", *self._columns[table]}
        rows = self._json(f"SELECT row_to_json(t) FROM {table} t")
        return {
            row["id"]: {name: value for name, value in row.items() if name in columns}
            for row in rows
        }

    def _external_ids(self):
        """Names with the records that they name, whichever addon has them, if both are there.

        The same name in several addons may name several records.
        """
        names = literals({name for __, name, *__ in self._data})
        named = {}
        for name, model, record_id in self._query(
            f"SELECT name, model, res_id FROM ir_model_data WHERE name IN ({names})"
        ):
            named.setdefault(model, set()).add((name, record_id))
        existing = {
            (model, record_id)
            for model in named
            if self._table_exists(table_of(model))
            for [record_id] in self._query(f"SELECT id FROM {table_of(model)}")
        }
        return {
            f"{name} = {model},{record_id}": True
            for __, name, model, record_id, __ in self._data
            if (name, record_id) in named.get(model, ()) and (model, record_id) in existing
        }

    def _edited_records(self):
        """Records that an upgrade is to leave alone, as people may have changed them."""
        names = {}
        for __, name, model, record_id, noupdate in self._data:
            if noupdate == "t":
                names.setdefault(model, {})[int(record_id)] = name
        found = {}
        for model, name_by_id in names.items():
            ids = ",".join(map(str, name_by_id))
            rows = self._rows(table_of(model), f"id IN ({ids})") or {}
            found |= {f"{name_by_id[key]} = {model},{key}": row for key, row in rows.items()}
        return found

    def _people_rows(self, model):
        table = table_of(model)
        return self._rows(
            table,
            "NOT EXISTS (SELECT FROM ir_model_data data"
            f" WHERE data.model = '{model}' AND data.res_id = t.id)",
        )

    def _digests(self):
        """Number of rows and digest of tables that are none of our addons' business."""
        selects = [
            f"SELECT '{table}', COUNT(*), MD5(STRING_AGG(t::text, ',' ORDER BY t::text))"
            f" FROM (SELECT {', '.join(map(quoted, columns))} FROM {quoted(table)}) t"
            for table, columns in self._others.items()
        ]
        return {
            table: {"rows": count, "digest": digest}
            for first in range(0, len(selects), TABLES_AT_ONCE)
            for table, count, digest in self._query(
                " UNION ALL ".join(selects[first : first + TABLES_AT_ONCE])
            )
        }

    def _labels(self):
        """What people call things in a language that ours are not written in."""
        texts = {
            "ir_model_fields": ("field_description", f"t.id IN ({self._fields})"),
            "ir_model": ("name", f"t.model IN ({self._models})"),
            "ir_ui_menu": ("name", "TRUE"),
        }
        return {
            f"{table},{row['id']}": row
            for table, (column, condition) in texts.items()
            for row in self._json(
                f"SELECT json_build_object('id', id, 'texts', {column} - 'en_US')"
                f" FROM {table} t WHERE {condition} AND {column} - 'en_US' != '{{}}'"
            )
        }

    def _templates(self):
        """Views by the name that code and other addons use."""
        return {
            f"{key} = {view_id}": True
            for key, view_id in self._query(
                "SELECT SPLIT_PART(key, '.', 2), id FROM ir_ui_view"
                f" WHERE id IN ({','.join(self._ids('ir.ui.view'))}) AND key IS NOT NULL"
            )
        }

    def _ids(self, model):
        return [record_id for __, __, of_model, record_id, __ in self._data if of_model == model]


def quoted(name):
    return f'"{name}"'


def literals(texts):
    return ",".join(f"'{text}'" for text in texts)


def differences(before, after, may_grow=True):
    """One line for each row, column, and value that is not as it was.

    :param may_grow: whether rows may have come to what is not ours alone.
    """
    lines = []
    for title, rows in before.items():
        now = after[title]
        if now is None:
            lines.append(f"{title}: there is none any more")
            continue
        columns = columns_of(now)
        lines += [f"{title}: {column}: is gone" for column in columns_of(rows) - columns]
        for key, row in rows.items():
            if key not in now:
                lines.append(f"{title}: {key}: is gone")
            elif row is not True:
                lines += [
                    f"{title}: {key}: {column}: {value!r} is {now[key].get(column)!r}"
                    for column, value in row.items()
                    if column in columns and now[key].get(column) != value
                ]
        if title.startswith(("table ", "columns of ")) or not may_grow:
            lines += [f"{title}: {key}: is new" for key in now if key not in rows]
    return sorted(lines)


def columns_of(rows):
    return {column for row in rows.values() if row is not True for column in row}
