"""An addon of somebody else adds a figure by one entry in the register and one relation.

``odoo-test-helper`` cannot load it: it hands Odoo's registry a package of before 19.0. So it is an
addon, installed as any other (``tests/addons/test_customer_figure``).
"""

import json

import pytest

from environment import odoo_log
from environment.databases import Databases
from environment.paths import checkout_key, log_file

USE = """
import io
import json
from dateutil.relativedelta import relativedelta
from openpyxl import load_workbook
from odoo import Command
company = env.ref("base.main_company")
today = company._get_today()
customer = env["res.partner"].create({"name": "Another Figure", "is_company": True})
paid = env["res.partner"].create({"name": "Nothing Open", "is_company": True})

def invoice(partner, amount):
    move = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": today - relativedelta(months=2),
            "invoice_line_ids": [
                Command.create({"name": "Goods", "price_unit": amount, "tax_ids": False})
            ],
        }
    )
    move.action_post()
    return move

for amount in (300, 700, 500):
    invoice(customer, amount)
settled = invoice(paid, 100)
env["account.payment.register"].with_context(
    active_model="account.move", active_ids=settled.ids
).create({}).action_create_payments()
health = env["crm.customer.health"]
health._refresh(company)
rows = health.search([("partner_id", "in", (customer + paid).ids)])
stored = {row.partner_id.name: row.largest_open_amount for row in rows}
some = health._get_figures(company, customer)[company.id, customer.id]
env["crm.customer.health.snapshot"]._cron_take_snapshots()
kept = env["crm.customer.health.snapshot"].search(
    [("partner_id", "=", customer.id)], order="date desc", limit=1
)
workbook = env["crm.customer.health.workbook"].create({"company_ids": company.ids})
file = io.BytesIO()
workbook._write_file(file)
sheet = load_workbook(file)["All Figures"]
texts = {cell.value for row in sheet.iter_rows() for cell in row}
live = rows.filtered(lambda row: row.partner_id == customer)
invoice(customer, 900)
env.flush_all()
print(
    "FIGURES "
    + json.dumps(
        {
            "stored": stored,
            "some": float(some["largest_open_amount"]),
            "kept": kept.largest_open_amount,
            "is in the workbook": "Largest Open Amount" in texts,
            "live": live._get_live()[live.id]["largest_open_amount"] == 900,
            "found": health.search_count([("largest_open_amount", ">", 600)]),
        }
    )
)
"""


@pytest.fixture(scope="module")
def database(environment):
    databases = Databases(environment)
    name = f"figure_{checkout_key()}"
    databases.copy(databases.template(demo=False), name)
    yield name
    databases.drop(name)


def test_figure_is_computed_stored_kept_and_written(environment, database):
    log = log_file("another-figure")
    Databases(environment).install(database, ["test_customer_figure"], demo=False, log=log)
    assert not odoo_log.problems(odoo_log.read_log(log), ["test_customer_figure"])
    [answer] = [
        line.removeprefix("FIGURES ")
        for line in environment.shell(database, USE).splitlines()
        if line.startswith("FIGURES ")
    ]
    assert json.loads(answer) == {
        "stored": {"Another Figure": 700, "Nothing Open": 0},
        "some": 700,
        "kept": 700,
        "is in the workbook": True,
        "live": True,
        "found": 1,
    }
