"""Installing on a database full of customers."""


def post_init_hook(env):
    """The rows, and what was to be expected on the Mondays of the past, are computed by scheduled
    actions.
    """
    env.ref("crm_revenue_forecast.ir_cron_refresh")._trigger()
    env.ref("crm_revenue_forecast.ir_cron_replay")._trigger()


def uninstall_hook(env):
    """Undo what Odoo leaves: the names and records by which it knows that models of other addons
    have our mixin, and ours have theirs.
    """
    env["ir.model.inherit"].search(
        [("parent_id.model", "=", "crm.revenue.forecast.mixin")]
    ).unlink()
    for kind in ("model_inherit", "selection"):
        name = f"{kind}__crm_revenue_forecast".replace("_", r"\_")
        env["ir.model.data"].search(
            [("module", "!=", "crm_revenue_forecast"), ("name", "=like", f"{name}%")]
        ).unlink()
