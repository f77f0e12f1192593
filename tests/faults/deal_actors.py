"""Accountants, salespeople and a scheduler at work on the same deals; see actors.py."""

import random
import time
from functools import partial

DEALS = 5
ROUNDS = 8
SAVES = 40
#: Seconds between two steps of a person. Odoo repeats a refused request four times, no more: who
#: writes without a break would in the end be refused by chance, on a slow machine above all.
THINKING = (0.2, 0.8)


def accountant(env, number):
    """Posts invoices of the same deals as everybody else, has them paid, takes payments back.

    A step is done as a request is: Odoo repeats it when it met another one at the same record.
    """
    from odoo.service.model import retrying

    dice = random.Random(number)
    # A journal of one's own: accountants of one journal wait for each other's numbers, in Odoo.
    journal = env["account.journal"].search([("code", "=", f"FLT{number}")])
    bank = env["account.journal"].search([("code", "=", f"FLB{number}")])
    deals = find_deals(env)
    for _round in range(ROUNDS):
        values = {
            "move_type": "out_invoice",
            "journal_id": journal.id,
            # A customer of one's own: Odoo counts the invoices of each on its record.
            "partner_id": env["res.partner"].search([("ref", "=", f"faults {number}")]).id,
            "invoice_date": f"2024-{dice.randint(1, 12):02}-15",
            "invoice_line_ids": [
                (
                    0,
                    0,
                    {
                        "name": deal.name,
                        "price_unit": dice.randint(10, 900),
                        "tax_ids": False,
                        "opportunity_id": deal.id,
                    },
                )
                for deal in dice.sample(list(deals), dice.randint(1, 3))
            ],
        }
        part, is_taken_back = dice.choice((0.5, 1)), dice.random() < 0.3
        invoice = retrying(partial(post, env, values), env)
        time.sleep(dice.uniform(*THINKING))
        retrying(partial(pay, invoice, bank, part), env)
        time.sleep(dice.uniform(*THINKING))
        if is_taken_back:
            retrying(invoice.line_ids.remove_move_reconcile, env)


def find_deals(env):
    leads = env["crm.lead"].with_context(active_test=False)
    return leads.search([("name", "like", "Faults")], order="id")


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


def salesperson(env, number):
    """Opens the same deals, works on them, wins and loses them, without end in sight."""
    from odoo.service.model import retrying

    dice = random.Random(100 + number)
    for count in range(SAVES):
        retrying(partial(save, dice.choice(list(find_deals(env))), dice.random(), count), env)
        time.sleep(dice.uniform(*THINKING))


def save(deal, chance, count):
    deal.write({"expected_revenue": 100 * count, "priority": str(count % 4)})
    if chance < 0.2:
        deal.action_set_won()
    elif chance < 0.3:
        deal.stage_id = deal.env["crm.stage"].search([("is_won", "=", False)], limit=1)
    elif chance < 0.4 and deal.won_status == "pending":
        deal.action_set_lost()
        deal.action_restore()


def scheduler(env, _number):
    """Has the deals follow, again and again, until it is killed."""
    while True:
        env["crm.lead"]._cron_read_changes(batch_size=3)
        env.cr.commit()
        time.sleep(0.2)
