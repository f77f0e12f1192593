"""Leaving a database."""

from odoo.addons.crm_customer_health.hooks import forget_mixins


def uninstall_hook(env):
    """Activities go with their type: Odoo keeps a type that is in use."""
    activity_type = env.ref("crm_customer_health_sale.mail_activity_type_order_on_hold", False)
    if activity_type:
        env["mail.activity"].with_context(active_test=False).search(
            [("activity_type_id", "=", activity_type.id)]
        ).unlink()
    forget_mixins(env, "sale.order")
