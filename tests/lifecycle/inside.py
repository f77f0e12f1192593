"""What runs in Odoo's shell on an upgraded database: people open everything, actions go on."""

import json

SETTLEMENT_FIELDS = (
    "company_id",
    "partner_id",
    "invoice_line_id",
    "invoice_id",
    "counterpart_line_id",
    "kind",
    "amount",
    "invoice_date",
    "due_date",
    "settlement_date",
    "days_to_pay",
    "days_beyond_terms",
)
ROWS_OF_A_PAGE = 80


def settlements(env):
    """What was settled, by the names that other programs rely on."""
    rows = env["account.receivable.settlement"].search_read([], SETTLEMENT_FIELDS, load=None)
    for row in rows:
        del row["id"]
    return sorted(json.dumps(row, default=str) for row in rows)


def open_windows(env, addons):
    """Open each window of these addons in each of its views, as an administrator.

    :return: how many views were opened.
    """
    env = env(user=env.ref("base.user_admin"))
    opened = 0
    for action in records(env, "ir.actions.act_window", addons).sudo():
        model = env[action.res_model]
        views = model.get_views([[view or False, kind] for view, kind in action.views])["views"]
        opened += len(views)
        if "list" in views:
            columns = {name: {} for name in fields_of(views["list"]["arch"])}
            model.web_search_read([], columns, limit=ROWS_OF_A_PAGE)
    return opened


def fields_of(arch):
    from lxml import etree

    return [node.get("name") for node in etree.fromstring(arch).iterfind("field")]


def run_scheduled_actions(env, addons):
    """Each scheduled action of these addons has its turn, also one that is off.

    :return: their names.
    """
    actions = records(env, "ir.cron", addons).with_context(active_test=False)
    for action in actions:
        action.method_direct_trigger()
    env.cr.commit()
    return actions.mapped("name")


def go_on(env, addons):
    """Open Odoo's own views and the windows of these addons, and post an invoice."""
    from odoo import Command

    for name in ("crm.lead", "res.partner", "account.move", "sale.order", "project.task"):
        env[name].get_views([(False, kind) for kind in ("form", "list", "kanban", "search")])
        env[name].search([("id", "!=", False)], limit=ROWS_OF_A_PAGE).read()
    open_windows(env, addons)
    line = Command.create({"name": "Goods", "price_unit": 10})
    env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": env["res.partner"].create({"name": "Still here"}).id,
            "invoice_line_ids": [line],
        }
    ).action_post()
    env.cr.flush()
    env.cr.rollback()


def records(env, model, addons):
    data = env["ir.model.data"].search([("model", "=", model), ("module", "in", addons)])
    return env[model].browse(sorted(set(data.mapped("res_id")))).exists()


def answer(function, *arguments):
    """For the shell: what the function returns, as a line for the program outside."""
    print("ANSWER " + json.dumps(function(*arguments)))
