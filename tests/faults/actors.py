"""People and schedulers on one database: python -m faults.actors DATABASE.

Loads Odoo once. Each line on standard input, `role number`, starts a process of that role (of
another module here: `module.role number`); its process id is answered. `wait` answers with the exit
status of each process that has ended.
"""

import json
import os
import random
import sys
from functools import partial
from importlib import import_module

CUSTOMERS = 3
ROUNDS = 8


def accountant(env, number):
    """Posts, pays and takes back payments of the same customers as everybody else.

    A step is done as a request is: Odoo repeats it when it met another one at the same record.
    """
    from odoo.service.model import retrying

    dice = random.Random(number)
    # A journal of one's own: accountants of one journal wait for each other's numbers, in Odoo.
    journal = env["account.journal"].search([("code", "=", f"FLT{number}")])
    bank = env["account.journal"].search([("code", "=", f"FLB{number}")])
    for _round in range(ROUNDS):
        customer = env["res.partner"].search([("ref", "=", f"faults {dice.randrange(CUSTOMERS)}")])
        values = {
            "move_type": "out_invoice",
            "journal_id": journal.id,
            "partner_id": customer.id,
            "invoice_date": f"2024-{dice.randint(1, 12):02}-15",
            "invoice_line_ids": [
                (0, 0, {"name": "Line", "price_unit": dice.randint(10, 900), "tax_ids": False})
            ],
        }
        part, is_taken_back = dice.choice((0.5, 1)), dice.random() < 0.3
        invoice = retrying(partial(post, env, values), env)
        retrying(partial(pay, invoice, bank, part), env)
        if is_taken_back:
            retrying(invoice.line_ids.remove_move_reconcile, env)


def post(env, values):
    invoice = env["account.move"].create(values)
    invoice.action_post()
    return invoice


def pay(invoice, bank, part):
    wizard = (
        invoice.env["account.payment.register"]
        .with_context(active_model="account.move", active_ids=invoice.ids)
        .create({"journal_id": bank.id})
    )
    if part < 1:
        wizard.amount = invoice.amount_total * part
    wizard._create_payments()


def scheduler(env, _number):
    """Works off the queue, computes all customers and flags those that need action, morning after
    morning, until it is killed.
    """
    from psycopg2 import IntegrityError, OperationalError

    while True:
        try:
            env["account.receivable.change"]._work_off_all("crm.customer.health", 2)
            env["crm.customer.health.norm"].search([("id", "!=", False)]).as_of_date = False
            env["crm.customer.health"]._cron_refresh()
            env["crm.customer.flag.run"].search([]).unlink()
            env["crm.customer.flag.run"]._cron_flag()
            env.cr.commit()
        except (IntegrityError, OperationalError) as error:
            if not error.pgcode:
                raise  # the server is gone
            # Another scheduler was quicker: Odoo's would run the action again.
            env.cr.rollback()


def start(database, role, number):
    """A process of this role, with a connection of its own."""
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry

    process = os.fork()
    if process:
        return process
    status = 1
    module, __, name = role.rpartition(".")
    role = getattr(import_module(f"faults.{module}") if module else sys.modules[__name__], name)
    try:
        with Registry(database).cursor() as cr:
            role(Environment(cr, SUPERUSER_ID, {}), number)
        status = 0
    finally:
        sys.stderr.flush()
        # Not `raise`: the child is not to go on as its parent.
        if status:
            sys.excepthook(*sys.exc_info())
        os._exit(status)
    return None


def ended(processes):
    """The exit status of those of our processes that have ended."""
    found = (os.waitpid(process, os.WNOHANG) for process in processes)
    return {process: os.waitstatus_to_exitcode(status) for process, status in found if process}


def main(database):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import odoo.cli
    import odoo.sql_db
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(["-d", database, "--no-http", "--log-level=warn"], setup_logging=True)
    Registry(database)
    processes = set()
    for line in sys.stdin:
        if line.strip() == "wait":
            answer = ended(processes)
            processes -= answer.keys()
        else:
            role, number = line.split()
            # A connection is not shared with a child.
            odoo.sql_db.close_all()
            answer = start(database, role, int(number))
            processes.add(answer)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
