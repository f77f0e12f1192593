"""Installing on a database full of customers."""


def post_init_hook(env):
    """Each company has its policy; all customers, and the month ends of the past, are computed
    by scheduled actions.
    """
    policies = env["crm.customer.health.policy"]
    policies._get_policy(policies._get_companies())
    env.ref("crm_customer_health.ir_cron_refresh")._trigger()
    env.ref("crm_customer_health.ir_cron_take_snapshots")._trigger()


def uninstall_hook(env):
    """Undo what Odoo leaves: the names by which other addons know that a model of ours has their
    mixin, and the values of its selections.
    """
    for model in ("crm_customer_health", "crm_customer_health_policy"):
        for kind in ("model_inherit", "selection"):
            name = f"{kind}__{model}__".replace("_", r"\_")
            env["ir.model.data"].search(
                [("module", "!=", "crm_customer_health"), ("name", "=like", f"{name}%")]
            ).unlink()


def forget_mixins(env, model: str):
    """Odoo leaves the record, or the name, by which it knows that a model of another addon has
    mixins of ours: for addons that give them to it and are uninstalled.
    """
    env["ir.model.inherit"].search(
        [("model_id.model", "=", model), ("parent_id.model", "=like", "crm.customer.%")]
    ).unlink()
