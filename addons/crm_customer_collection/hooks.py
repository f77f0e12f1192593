"""Leaving a database."""


def uninstall_hook(env):
    """Undo what Odoo leaves: activities of flags, which would be for everybody to read, and of a
    type that goes.
    """
    flags = env["crm.customer.flag"]
    (
        flags.search([]).activity_id
        | env["mail.activity"]
        .with_context(active_test=False)
        .search([("activity_type_id", "=", flags._get_activity_type_id() or 0)])
    ).unlink()
