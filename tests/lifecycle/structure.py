"""What Odoo and PostgreSQL know of our addons in a database, to be compared with another one."""

from .inventory import literals

#: By title: what there is, as text. Names of people's own fields begin with x_.
STRUCTURE = {
    "column": "SELECT CONCAT_WS(' ', table_name, column_name, data_type, is_nullable)"
    " FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name NOT LIKE 'x\\_%'",
    "index": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraint": "SELECT CONCAT_WS(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "external id": "SELECT CONCAT_WS(' ', model, module || '.' || name, noupdate)"
    " FROM ir_model_data WHERE module IN ({addons}) AND name NOT LIKE '%\\_\\_x\\_%'",
    "constraint of an addon": "SELECT CONCAT_WS(' ', module.name, known.name, model.model)"
    " FROM ir_model_constraint known"
    " JOIN ir_model model ON model.id = known.model"
    " JOIN ir_module_module module ON module.id = known.module"
    " WHERE module.name IN ({addons})",
    "relation of an addon": "SELECT CONCAT_WS(' ', module.name, known.name, model.model)"
    " FROM ir_model_relation known"
    " JOIN ir_model model ON model.id = known.model"
    " JOIN ir_module_module module ON module.id = known.module"
    " WHERE module.name IN ({addons})",
    "mixin": "SELECT CONCAT_WS(' ', model.model, parent.model) FROM ir_model_inherit inherit"
    " JOIN ir_model model ON model.id = inherit.model_id"
    " JOIN ir_model parent ON parent.id = inherit.parent_id",
}


def structure(query, addons):
    return {
        f"{title} {text}"
        for title, statement in STRUCTURE.items()
        for [text] in query(statement.format(addons=literals(addons)))
    }
