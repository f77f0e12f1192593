"""Installing on a database full of invoices."""


def post_init_hook(env):
    """What the customers bought so far is computed by a scheduled action."""
    env.ref("crm_customer_purchase.ir_cron_purchase")._trigger()


def uninstall_hook(env):
    """Undo what Odoo leaves: the names by which it knows that models of others have our mixin."""
    env["ir.model.inherit"].search(
        [
            ("model_id.model", "in", ("crm.customer.health", "crm.lead", "res.partner")),
            ("parent_id.model", "=", "crm.customer.purchase.panel"),
        ]
    ).unlink()
