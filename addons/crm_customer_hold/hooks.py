"""Installing beside an addon that held this before."""

from odoo.addons.account_receivable_settlement.moving import remember_rules, restore_rules


def pre_init_hook(env):
    """Record rules that were moved here keep what people made of them."""
    remember_rules(env.cr, "crm_customer_hold")


def post_init_hook(env):
    env.flush_all()
    restore_rules(env.cr)
    env["ir.rule"].invalidate_model(flush=False)
    env.registry.clear_cache()
