"""Installing beside, or below, addons that held these models before."""

from .moving import move_records, remember_rules, restore_rules


def pre_init_hook(env):
    """The settlements were part of the bridge in its first version: their records stay as they
    are and change hands, or the bridge's upgrade would delete them.
    """
    move_records(
        env.cr,
        "crm_accounting_bridge",
        "account_receivable_settlement",
        ["%account\\_receivable\\_settlement%"],
    )
    remember_rules(env.cr, "account_receivable_settlement")


def post_init_hook(env):
    """Record rules that came from the bridge are as people edited them; charts of accounts that
    were loaded before have claims among their current assets.
    """
    env["account.account"]._propose_receivable_readings()
    env.flush_all()
    restore_rules(env.cr)
    env["ir.rule"].invalidate_model(flush=False)
    env.registry.clear_cache()
