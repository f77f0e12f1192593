"""People and schedulers on a database with all our addons, whose server is not always there."""

import logging
import random
import time
import traceback
from functools import partial

from .actors import pay, post

CUSTOMERS = 4
DEALS = 4
#: Seconds between two steps of a person, and until somebody who was cut off comes back.
THINKING = (0.05, 0.4)
OFFLINE = 0.5
#: What may end an action: somebody was quicker, or the session was ended.
ACCIDENTS = (
    "SerializationFailure",
    "LockNotAvailable",
    "DeadlockDetected",
    "AdminShutdown",
    "CrashShutdown",
    "OperationalError",
    "InterfaceError",
)


def at_work(env, number, take_step):
    """Take one step after the other, each in a request of its own, without end in sight.

    Who is cut off, or finds no server, comes back and goes on with something else, as people do.
    """
    from psycopg2 import Error, OperationalError

    from odoo.api import Environment
    from odoo.exceptions import UserError
    from odoo.modules.registry import Registry
    from odoo.service.model import retrying
    from odoo.sql_db import close_all

    dice = random.Random(f"{number} {time.monotonic()}")
    database, uid = env.cr.dbname, env.uid
    while True:
        try:
            with Registry(database).cursor() as cr:
                own = Environment(cr, uid, {})
                try:
                    retrying(partial(take_step, own, dice, number), own)
                except UserError:
                    # Somebody was quicker: it is paid already, or the other scheduler has it.
                    cr.rollback()
        except Error as error:
            if is_gone(error):
                close_all()
                time.sleep(OFFLINE)
            elif not isinstance(error, OperationalError):
                raise AssertionError("no accident, but a mistake") from error
        time.sleep(dice.uniform(*THINKING))


def is_gone(error):
    """Whether the session was ended, or there is no server: not somebody who was quicker."""
    return (error.pgcode or "57P").startswith(("57P", "08"))


def accountant(env, number):
    at_work(env, number, keep_books)


def keep_books(env, dice, number):
    """Post, pay, take back, credit, dispute; invoices of the same customers and deals."""
    journal = env["account.journal"].search([("code", "=", f"FLT{number}")])
    bank = env["account.journal"].search([("code", "=", f"FLB{number}")])
    invoices = env["account.move"].search(
        [("journal_id", "=", journal.id), ("move_type", "=", "out_invoice")]
    )
    unpaid = invoices.filtered(lambda one: one.payment_state in ("not_paid", "partial"))
    paid = invoices.filtered(lambda one: one.payment_state in ("paid", "in_payment", "partial"))
    step = dice.random()
    if step < 0.4 or not unpaid:
        customer = env["res.partner"].search([("ref", "=", f"faults {dice.randrange(CUSTOMERS)}")])
        deal = dice.choice(find_deals(env))
        product = env["product.product"].search([("default_code", "=", "FAULTS")])
        post(
            env,
            {
                "move_type": "out_invoice",
                "journal_id": journal.id,
                "partner_id": customer.id,
                "invoice_date": f"2024-{dice.randint(1, 12):02}-15",
                "invoice_line_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": product.id,
                            "price_unit": dice.randint(10, 900),
                            "tax_ids": False,
                            "opportunity_id": deal.id,
                        },
                    )
                ],
            },
        )
    elif step < 0.75:
        pay(dice.choice(unpaid), bank, dice.choice((0.3, 1)))
    elif step < 0.85 and paid:
        dice.choice(paid).line_ids.remove_move_reconcile()
    elif step < 0.95:
        reversal = env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=dice.choice(unpaid).ids
        )
        wizard = reversal.create({"journal_id": journal.id, "reason": "Faults"})
        env["account.move"].browse(wizard.reverse_moves()["res_id"]).action_post()
    else:
        dice.choice(unpaid).action_toggle_block_payment()


def salesperson(env, number):
    at_work(env, number, sell)


def sell(env, dice, _number):
    """Work on the same deals, confirm orders of the same customers, promise and exclude."""
    step = dice.random()
    deal = dice.choice(find_deals(env))
    customer = env["res.partner"].search([("ref", "=", f"faults {dice.randrange(CUSTOMERS)}")])
    if step < 0.5:
        deal.write({"expected_revenue": dice.randint(1, 9) * 100, "priority": dice.choice("0123")})
    elif step < 0.65:
        deal.action_set_won()
    elif step < 0.8:
        deal.stage_id = env["crm.stage"].search([("is_won", "=", False)], limit=1)
    else:
        env["sale.order"].create(
            {
                "partner_id": customer.id,
                "opportunity_id": deal.id,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "product_id": env["product.product"]
                            .search([("default_code", "=", "FAULTS")])
                            .id,
                            "price_unit": dice.randint(10, 900),
                        },
                    )
                ],
            }
        ).action_confirm()


def find_deals(env):
    leads = env["crm.lead"].with_context(active_test=False)
    return leads.search([("name", "like", "Faults")], order="id")


def find_actions(env):
    """Our scheduled actions."""
    ours = env["ir.module.module"].search([("author", "=", "CRM Accounting Bridge")])
    data = env["ir.model.data"].search(
        [("model", "=", "ir.cron"), ("module", "in", ours.mapped("name"))]
    )
    return env["ir.cron"].browse(data.mapped("res_id")).exists().sorted("id")


def scheduler(env, _number):
    """Runs our scheduled actions, as Odoo does, in any order, until it is killed."""
    at_work(env, 0, run_an_action)


def run_an_action(env, dice, _number):
    for told in run(env, dice.choice(find_actions(env))):
        assert any(accident in told for accident in ACCIDENTS), told


def run(env, action):
    """Run a scheduled action as Odoo does, unless another scheduler has it.

    Not *Run Manually*: that stumbles over an action whose run before was killed.

    :return: the tracebacks of what failed.
    """
    from odoo.addons.base.models.ir_cron import ListLogHandler, _logger

    env.invalidate_all()
    with ListLogHandler(_logger, logging.ERROR) as records:
        if job := action._acquire_one_job(env.cr, action.id, include_not_ready=True):
            action._process_job(env.cr, job)
    return [
        "".join(traceback.format_exception(*record.exc_info))
        for record in records
        if record.exc_info
    ]
