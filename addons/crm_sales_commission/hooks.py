def post_init_hook(env):
    """Demo data or an installation with plans: everything is worked out from the journals."""
    env["crm.commission.event"]._collect_everything(env["res.company"].search([]))


def uninstall_hook(env):
    env.cr.execute("DELETE FROM account_receivable_change WHERE reader = 'crm.commission.event'")
