"""Every scheduled action of ours beside somebody at work: nobody fails, and nobody waits."""

import json

import pytest

from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import checkout_key, log_file

LOCK_SECONDS = 3
WRITE_DEALS = [
    "crm_accounting_bridge.ir_cron_read_changes",
    "crm_accounting_bridge.ir_cron_refresh_overdue",
]
KEEP_EVENTS = ["crm_sales_commission.ir_cron_read_changes"]

#: An action runs while somebody's transaction is open: begun before it, and writing before it.
BESIDE = """
import datetime
import json
import logging
from freezegun import freeze_time
from odoo.modules.registry import Registry

OURS, WRITE_DEALS, KEEP_EVENTS = %s
registry = Registry(env.cr.dbname)
names = {
    name.res_id: name.complete_name
    for name in env["ir.model.data"].search([("model", "=", "ir.cron"), ("module", "in", OURS)])
}
crons = env["ir.cron"].browse(sorted(names))
env["ir.cron"].search([]).write({"active": False})
crons.write({"active": True})
for reader in env["account.receivable.change"]._get_readers():
    env["account.receivable.change"]._work_off_all(reader)
env.cr.commit()

deal = env["crm.lead"].search(
    [("invoiced_total", ">", 0), ("user_id", "!=", False), ("partner_id", "!=", False)],
    order="id", limit=1)
customer = deal.partner_id.commercial_partner_id
product = env["product.product"].create({"name": "Side by side", "standard_price": 7})
order = env["sale.order"].create({
    "partner_id": customer.id,
    "opportunity_id": deal.id,
    "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 5})],
})
order.action_confirm()
bank = env["account.journal"].search(
    [("type", "=", "bank"), ("company_id", "=", env.company.id)], limit=1)
env.cr.commit()


def begin(cr):
    cr.execute("SELECT 1 FROM crm_lead LIMIT 1")
    return env(cr=cr)


def post(env, number):
    invoice = env["account.move"].create({
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": "2026-01-15",
        "invoice_line_ids": [(0, 0, {
            "product_id": product.id, "price_unit": 100 + number, "tax_ids": False,
            "opportunity_id": deal.id,
        })],
    })
    invoice.action_post()
    return invoice


def pay(invoice, amount):
    wizard = invoice.env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids).create({"journal_id": bank.id})
    wizard.amount = amount
    wizard._create_payments()


def work(env, invoices, number, writes_deals, deletes):
    # What accounting, sales and whoever keeps the contacts do in one moment.
    invoice, mistake = (document.with_env(env) for document in invoices)
    pay(invoice, 30)
    if deletes:
        mistake.button_draft()
        mistake.invoice_line_ids.unlink()
        mistake.unlink()
    post(env, number)
    if not writes_deals:
        deal.with_env(env).write({"expected_revenue": 1000 + number})
    customer.with_env(env).write({"comment": str(number), "user_id": deal.user_id.id})
    order.order_line.with_env(env).write({"product_uom_qty": 5 + number})
    product.with_env(env).write({"standard_price": 7 + number %% 3})
    env.flush_all()


def trigger(cr, cron):
    env(cr=cr)["ir.cron"].browse(cron.id).method_direct_trigger()
    cr.commit()


def attempt(failures, cron, what, act):
    try:
        act()
    except Exception as error:
        cause = error.__cause__ or error
        failures.append([names[cron.id], what, type(cause).__name__, str(cause)[:300]])


failures, day = [], datetime.datetime(2027, 3, 1, 9, 30)
for number, cron in enumerate(crons):
    # A week later, a Monday: whatever is done daily, weekly or monthly is due.
    # What accounting did is written on the deal: Odoo repeats the request of whoever saves it.
    writes_deals = names[cron.id] in WRITE_DEALS
    # An event of commission stays when its document goes, and forgets it: the same.
    deletes = names[cron.id] not in KEEP_EVENTS
    with freeze_time(day + datetime.timedelta(days=7 * number), tick=True):
        for is_holding in (False, True):
            with registry.cursor() as news_cr:
                invoices = [post(env(cr=news_cr), number) for _number in range(2)]
                pay(invoices[0], 50)
            with registry.cursor() as person_cr, registry.cursor() as action_cr:
                person = begin(person_cr)
                for act, what in [
                    (
                        lambda: work(person, invoices, number, writes_deals, deletes),
                        "somebody's work",
                    ),
                    (lambda: trigger(action_cr, cron), "the action"),
                ][::1 if is_holding else -1]:
                    attempt(failures, cron, f"{what}, is_holding={is_holding}", act)
                attempt(failures, cron, "saving", person_cr.commit)
                for cr in (person_cr, action_cr):
                    cr.rollback()
print("RESULT " + json.dumps({"actions": list(names.values()), "failures": failures}))
"""


#: A cost is frozen, once more too, while somebody pays the same invoice, and the other way round.
COST_BESIDE_PAYMENT = """
import json
from odoo.modules.registry import Registry

registry = Registry(env.cr.dbname)
product = env["product.product"].create(
    {"name": "Side by side", "standard_price": 7, "taxes_id": False})
customer = env["res.partner"].create({"name": "Side by side"})
bank = env["account.journal"].search(
    [("type", "=", "bank"), ("company_id", "=", env.company.id)], limit=1)
env.cr.commit()


def post(env):
    invoice = env["account.move"].create({
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": "2026-01-15",
        "invoice_line_ids": [(0, 0, {
            "product_id": product.id, "quantity": 2, "price_unit": 100, "tax_ids": False})],
    })
    invoice.action_post()
    return invoice


def pay(env, invoice):
    wizard = env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids).create({"journal_id": bank.id})
    wizard.amount = 50
    wizard._create_payments()
    env.flush_all()


def freeze(env, invoice):
    env["account.invoice.cost"]._freeze(invoice.ids)


found = []
for acts in ([pay, freeze], [freeze, pay]):
    for has_cost in (False, True):
        with registry.cursor() as cr:
            invoice = post(env(cr=cr))
            if has_cost:
                # Of yesterday's price: it is written anew.
                product.with_env(env(cr=cr)).standard_price = 5
                freeze(env(cr=cr), invoice)
                product.with_env(env(cr=cr)).standard_price = 7
        with registry.cursor() as first, registry.cursor() as second:
            for cr in (first, second):
                cr.execute("SELECT 1 FROM account_move_line LIMIT 1")
            for act, cr in zip(acts, (first, second)):
                act(env(cr=cr), invoice)
            first.commit()
            second.commit()
        env.cr.rollback()
        env.invalidate_all()
        invoice = env["account.move"].browse(invoice.id)
        found.append([invoice.amount_residual, invoice.invoice_line_ids.cost])
print("RESULT " + json.dumps(found))
"""

#: Two clicks on *Add*, each in a transaction that began before the other one ended.
TWO_CLICKS = """
import json
from functools import partial
from odoo.modules.registry import Registry
from odoo.service.model import retrying

registry = Registry(env.cr.dbname)
bought = env["product.product"].create({"name": "Bought"})
customer = env["res.partner"].create({"name": "Two clicks"})


def click(cr, suggestion, order):
    env(cr=cr)["crm.customer.suggestion"].browse(suggestion.id).with_context(
        quotation_id=order.id).action_add_to_quotation()
    return True


found = []
# What costs nothing changes no total of the order.
for price in (0, 10):
    product = env["product.product"].create({"name": f"For {price}", "list_price": price})
    suggestion = env["crm.customer.suggestion"].create({
        "company_id": env.company.id, "partner_id": customer.id, "product_id": product.id,
        "because_product_id": bought.id})
    order = env["sale.order"].create({"partner_id": customer.id})
    env.cr.commit()
    with registry.cursor() as first, registry.cursor() as second:
        for cr in (first, second):
            cr.execute("SELECT 1 FROM sale_order LIMIT 1")
        for cr in (first, second):
            retrying(partial(click, cr, suggestion, order), env(cr=cr))
    env.cr.rollback()
    env.invalidate_all()
    found.append(len(order.order_line))
print("RESULT " + json.dumps(found))
"""


@pytest.fixture(scope="module")
def database(environment):
    databases = Databases(environment)
    name = f"faults_actions_{checkout_key()}"
    databases.copy(databases.template(demo=True, with_ours=True), name)
    databases.query(f"ALTER DATABASE \"{name}\" SET lock_timeout = '{LOCK_SECONDS}s'")
    yield name
    databases.drop(name)


def test_actions_beside_people(environment, database):
    """Conflicts that only two transactions have: rows that both write, locks that one holds."""
    output = environment.shell(
        database,
        BESIDE % ((our_addons(), WRITE_DEALS, KEEP_EVENTS),),
        log=log_file("faults-actions"),
    )
    result = json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0])
    assert len(result["actions"]) > 10
    assert result["failures"] == []


def test_cost_beside_payment(environment, database):
    """Neither fails, neither waits, and both are there."""
    output = environment.shell(database, COST_BESIDE_PAYMENT, log=log_file("faults-cost"))
    assert json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0]) == [[150, 14]] * 4


def test_two_clicks_add_once(environment, database):
    output = environment.shell(database, TWO_CLICKS, log=log_file("faults-clicks"))
    assert json.loads(output[output.index("RESULT ") + 7 :].splitlines()[0]) == [1, 1]
