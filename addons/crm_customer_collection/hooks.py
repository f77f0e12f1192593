"""Installing over flags of before, and leaving a database."""

from .conversation import move_to_rows


def post_init_hook(env):
    """What the addon that held this had on contacts goes to the customers' rows."""
    move_to_rows(env)


def uninstall_hook(env):
    """Undo what Odoo leaves: activities of flags, and others of a type that goes."""
    flags = env["crm.customer.flag"]
    (
        flags.search([]).activity_id
        | env["mail.activity"]
        .with_context(active_test=False)
        .search([("activity_type_id", "=", flags._get_activity_type_id() or 0)])
    ).unlink()
