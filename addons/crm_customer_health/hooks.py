"""Installing on a database full of customers."""


def post_init_hook(env):
    """Each company has its policy; all customers, and the month ends of the past, are computed
    by scheduled actions.
    """
    policies = env["crm.customer.health.policy"]
    policies._get_policy(policies._get_companies())
    env.ref("crm_customer_health.ir_cron_refresh")._trigger()
    env.ref("crm_customer_health.ir_cron_take_snapshots")._trigger()
