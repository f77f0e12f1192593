"""Leaving a database."""

from odoo.addons.crm_customer_health.hooks import forget_mixins


def uninstall_hook(env):
    forget_mixins(env, "stock.picking")
