"""Leaving a database."""


def uninstall_hook(env):
    """Odoo leaves the name by which it knows that transfers have our mixin."""
    env["ir.model.data"].search(
        [
            ("module", "=", "crm_customer_health_stock"),
            ("model", "=", "ir.model.inherit"),
        ]
    ).unlink()
