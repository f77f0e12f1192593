"""Leaving a database."""


def uninstall_hook(env):
    """Undo what Odoo leaves: the name by which it knows that orders have our mixin."""
    env["ir.model.inherit"].search(
        [
            ("model_id.model", "=", "sale.order"),
            ("parent_id.model", "=", "crm.customer.purchase.panel"),
        ]
    ).unlink()
