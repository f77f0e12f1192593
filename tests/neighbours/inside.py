"""What runs in Odoo's shell: people with several roles look and work where all is installed."""

import json

from lifecycle.inside import open_windows

KINDS = ("form", "list", "kanban", "search")
MODELS = (
    "account.move",
    "account.payment",
    "crm.lead",
    "crm.team",
    "product.template",
    "project.task",
    "res.company",
    "res.partner",
    "sale.order",
    "stock.picking",
)
ROLES = {
    "seller": "sales_team.group_sale_salesman",
    "sales administrator": "sales_team.group_sale_manager",
    "invoicing": "account.group_account_invoice",
    "accounting administrator": "account.group_account_manager",
    "inventory": "stock.group_stock_user",
    "projects": "project.group_project_user",
    "administrator": "base.group_system",
}


def look(env):
    """Each role gets the views of what it may read, and begins a new one of what it may make.

    :return: how many views were given, how many new records were begun, and what was refused.
    """
    from odoo.exceptions import AccessError
    from odoo.tests import Form, new_test_user

    views, begun, refused = 0, 0, []
    for role, group in ROLES.items():
        user = new_test_user(env, f"neighbour {role}", group)
        for name in MODELS:
            model = env[name].with_user(user)
            if not model.has_access("read"):
                continue
            views += len(model.get_views([(False, kind) for kind in KINDS])["views"])
            if model.has_access("create") and model.has_access("write"):
                invoice = {"default_move_type": "out_invoice"} if name == "account.move" else {}
                begun += 1
                try:
                    Form(model.with_context(**invoice))
                except AccessError as error:
                    refused.append([role, name, str(error).partition("\n")[0]])
    env.cr.rollback()
    return {"views": views, "begun": begun, "refused": refused}


def open_everything(env, addons):
    return open_windows(env, addons)


def sell(env):
    """A deal is won, ordered, invoiced with a commission for an agent and within a credit limit,
    paid, and moves to the stage of what is paid, while a company of its own watches.

    :return: what the deal and the customer show on the way.
    """
    from odoo import Command

    company = env["res.company"].create(
        {"name": "Neighbours Inc.", "country_id": env.ref("base.us").id}
    )
    env.user.write({"company_ids": [Command.link(company.id)]})
    env = env(context={"allowed_company_ids": company.ids})
    env.cr.commit()  # which brings its chart of accounts
    commission = env["commission"].create(
        {"name": "Ten percent", "commission_type": "fixed", "fix_qty": 10}
    )
    agent = env["res.partner"].create(
        {"name": "Agent", "agent": True, "commission_id": commission.id}
    )
    customer = env["res.partner"].create(
        {
            "name": "Neighbour Ltd",
            "is_company": True,
            "commission_agent_ids": [Command.set(agent.ids)],
            "credit_limit": 5000,
        }
    )
    product = env["product.product"].create(
        {"name": "Advice", "type": "service", "invoice_policy": "order", "list_price": 1000}
    )
    deal = env["crm.lead"].create(
        {
            "name": "With neighbours",
            "type": "opportunity",
            "partner_id": customer.id,
            "company_id": company.id,
        }
    )
    other = deal.copy({"name": "Must not be won from here"})
    order = env["sale.order"].create(
        {
            "partner_id": customer.id,
            "opportunity_id": deal.id,
            "company_id": company.id,
            "order_line": [
                Command.create(
                    {"product_id": product.id, "product_uom_qty": 2, "tax_ids": [Command.clear()]}
                )
            ],
        }
    )
    order.action_confirm()
    invoice = order._create_invoices()
    invoice.action_post()
    env.cr.commit()
    shown = {"invoiced": state(env, deal, customer)}
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    ).create({})._create_payments()
    env.cr.commit()
    shown["paid"] = state(env, deal, customer)
    shown["the agent's commission"] = sum(invoice.line_ids.agent_ids.mapped("amount"))
    return shown | forbid_to_win(env, other, product)


def forbid_to_win(env, deal, product):
    """Another addon forbids the stage that a payment leads to: the payment is booked, the deal
    stays, and the refusal is on a list.
    """
    from odoo import Command

    stage = env["crm.stage"].create({"name": "No way out", "show_won_button": False})
    deal.stage_id = stage
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": deal.partner_id.id,
            "opportunity_id": deal.id,
            "company_id": deal.company_id.id,
            "invoice_line_ids": [
                Command.create({"product_id": product.id, "tax_ids": [Command.clear()]})
            ],
        }
    )
    invoice.action_post()
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    ).create({})._create_payments()
    env.cr.commit()
    shown = state(env, deal, deal.partner_id)
    refused = env["crm.stage.change.failure"].search([("lead_id", "=", deal.id)])
    return {"must not be won": shown, "refused": len(refused)}


def state(env, deal, customer):
    """Once what follows the books has caught up."""
    change = env["account.receivable.change"]
    for reader in change._get_readers():
        change._work_off_all(reader)
    env.cr.commit()
    env.invalidate_all()
    health = env["crm.customer.health"].search(
        [("partner_id", "=", customer.id), ("company_id", "=", deal.company_id.id)]
    )
    return [
        deal.billing_status,
        deal.stage_id.name,
        deal.due_total,
        deal.paid_total,
        health.open_amount,
    ]


def answer(function, *arguments):
    """For the shell: what the function returns, as a line for the program outside."""
    print("ANSWER " + json.dumps(function(*arguments)))
