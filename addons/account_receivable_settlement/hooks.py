"""Installing beside, or below, addons that held these models before."""

from .moving import move_records


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
