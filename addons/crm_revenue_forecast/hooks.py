"""Installing on a database full of customers."""


def post_init_hook(env):
    """The rows, and what was to be expected on the Mondays of the past, are computed by scheduled
    actions.
    """
    env.ref("crm_revenue_forecast.ir_cron_refresh")._trigger()
    env.ref("crm_revenue_forecast.ir_cron_replay")._trigger()
