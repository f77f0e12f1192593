"""What administrators change: settings, rights, scheduled actions, views, labels, own fields."""

from odoo import Command


def fill(env):
    env = env(su=True)  # the administrator's rights do not reach all of it in a shell
    change_scheduled_actions(env)
    change_data(env)
    change_translations(env)
    add_views(env)
    add_favourites(env)
    add_rights(env)
    add_technical_records(env)


def records_of_ours(env, model):
    """The records of a model that came with our addons, by id."""
    data = env["ir.model.data"].search([("model", "=", model)])
    data = data.filtered(
        lambda xml_id: xml_id.module.startswith(("crm_accounting", "crm_customer"))
    )
    return env[model].with_context(active_test=False).browse(sorted(set(data.mapped("res_id"))))


def change_scheduled_actions(env):
    """Other intervals for all of them, every second one is off."""
    for number, cron in enumerate(records_of_ours(env, "ir.cron")):
        cron.write(
            {
                "interval_number": 13 + number,
                "priority": 3 + number,
                "active": number % 2,
                "user_id": env.ref("base.user_admin").id,
                "name": f"Ours {number}: {cron.name}",
            }
        )


def change_data(env):
    """Stages, activity types, rules, digest and parameters as a company wants them."""
    for stage in records_of_ours(env, "crm.stage"):
        stage.write({"name": f"{stage.name} (ours)", "sequence": stage.sequence + 50, "fold": True})
    env["crm.stage"].create({"name": "In court", "billing_status": "overdue", "sequence": 60})
    for activity_type in records_of_ours(env, "mail.activity.type"):
        activity_type.write({"summary": "Do it today", "delay_count": 4})
    for rule in records_of_ours(env, "ir.rule"):
        rule.write({"name": f"{rule.name} (ours)", "domain_force": f"{rule.domain_force} or []"})
    env.ref("digest.digest_digest_default").kpi_cash_received = False
    env["ir.config_parameter"].set_param("crm_accounting_bridge.move_stages", "True")
    customer = env["res.partner"].search([("name", "=", "Flagged Ltd")])
    other = env["res.company"].search([("name", "=", "Second Company")])
    customer.with_company(other).hold_policy = "never"
    env["ir.default"].set("res.partner", "hold_policy", "never", company_id=other.id)
    env["ir.default"].set("accounting.import", "date_format", "dmy", user_id=env.uid)
    env["ir.default"].set("accounting.import", "create_customers", True)


def change_translations(env):
    """People call things otherwise in their language; ours are not translated into it."""
    env["res.lang"]._activate_lang("fr_FR")
    env = env(context={"lang": "fr_FR"})
    for model, name in (
        ("accounting.import", "name"),
        ("account.receivable.settlement", "amount"),
        ("crm.customer.flag", "told_on"),
        ("crm.lead", "due_total"),
    ):
        env["ir.model.fields"]._get(model, name).field_description = f"Notre {name}"
    for name in ("accounting_import_menu", "account_receivable_settlement_menu"):
        env.ref(f"crm_accounting_bridge.{name}").name = f"Notre {name}"
    env.ref("crm_customer_health.ir_cron_flag").name = "Avis du matin"


def add_views(env):
    """Views that stand on ours, and an e-mail with a sentence more."""
    for name, xpath in (
        ("crm_accounting_bridge.account_receivable_settlement_view_list", "//field[@name='kind']"),
        ("crm_accounting_bridge.accounting_import_line_view_list", "//field[@name='reason']"),
        ("crm_accounting_bridge.crm_lead_view_form", "//field[@name='billing_status']"),
        ("crm_customer_health.crm_customer_flag_view_list", "//field[@name='closing_reason']"),
    ):
        view = env.ref(name)
        env["ir.ui.view"].create(
            {
                "name": f"{view.name} as we like it",
                "model": view.model,
                "inherit_id": view.id,
                "arch": f"""<xpath expr="{xpath}" position="attributes">
                    <attribute name="string">As we like it</attribute></xpath>""",
            }
        )
    template = env.ref("crm_customer_health.mail_weekly_changes")
    env["ir.ui.view"].create(
        {
            "name": "Weekly e-mail with our motto",
            "type": "qweb",
            "inherit_id": template.id,
            "arch": "<xpath expr='//table' position='before'><p>Cash is king.</p></xpath>",
        }
    )


def add_favourites(env):
    """Saved searches, a window of one's own with its menu, lists for export."""
    for action_name, domain in (
        (
            "crm_accounting_bridge.account_receivable_settlement_action",
            "[('kind', '=', 'payment')]",
        ),
        ("crm_accounting_bridge.accounting_import_action", "[('state', '=', 'done')]"),
        ("crm_customer_health.crm_customer_health_action", "[('health_status', '=', 'at_risk')]"),
    ):
        action = env.ref(action_name)
        env["ir.filters"].create(
            {
                "name": "Ours",
                "model_id": action.res_model,
                "domain": domain,
                "action_id": action.id,
                "user_ids": [Command.link(env.ref("base.user_admin").id)],
                "is_default": True,
            }
        )
        own_action = action.copy({"name": "Our window", "domain": domain, "path": False})
        menu = records_of_ours(env, "ir.ui.menu").filtered(
            lambda menu, action=action: menu.action == action
        )[:1]
        env["ir.ui.menu"].create(
            {
                "name": "Our window",
                "parent_id": menu.parent_id.id,
                "action": f"ir.actions.act_window,{own_action.id}",
            }
        )
        env["ir.embedded.actions"].create(
            {
                "name": "Our tab",
                "parent_action_id": action.id,
                "parent_res_model": action.res_model,
                "action_id": own_action.id,
            }
        )
        env["ir.exports"].create(
            {
                "name": "Our columns",
                "resource": action.res_model,
                "export_fields": [Command.create({"name": "company_id"})],
            }
        )


def add_rights(env):
    """A group of one's own that may read more."""
    group = env["res.groups"].create(
        {
            "name": "Credit Control",
            "user_ids": [Command.link(env.ref("base.user_admin").id)],
            "implied_ids": [Command.link(env.ref("sales_team.group_sale_salesman").id)],
        }
    )
    for model_name in (
        "account.receivable.settlement",
        "accounting.import",
        "crm.stage.change.failure",
        "crm.payment.promise",
    ):
        model = env["ir.model"]._get(model_name)
        env["ir.model.access"].create(
            {"name": "ours", "model_id": model.id, "group_id": group.id, "perm_read": True}
        )
        env["ir.rule"].create(
            {
                "name": "ours",
                "model_id": model.id,
                "groups": [Command.link(group.id)],
                "domain_force": "[('create_uid', '!=', False)]"
                if env[model_name]._log_access
                else "[('id', '!=', 0)]",
            }
        )


def add_technical_records(env):
    """A field, a server action, a template and a scheduled action of one's own on our models."""
    model = env["ir.model"]._get("accounting.import")
    env["ir.model.fields"].create(
        {"name": "x_folder", "ttype": "char", "model_id": model.id, "field_description": "Folder"}
    )
    env["accounting.import"].search([]).write({"x_folder": "On the shelf"})
    env["ir.actions.server"].create(
        {"name": "Ours", "model_id": model.id, "state": "code", "code": "records.mapped('name')"}
    ).create_action()
    env["mail.template"].create(
        {
            "name": "Ours",
            "model_id": env["ir.model"]._get_id("crm.lead"),
            "body_html": "<t t-out='object.due_total'/>",
        }
    )
    env["ir.cron"].create(
        {
            "name": "Ours",
            "model_id": model.id,
            "state": "code",
            "code": "model.search([], limit=1)",
            "interval_number": 5,
        }
    )
