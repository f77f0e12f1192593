"""Charts of accounts that call claims on customers current assets: nothing counts as paid there."""

import json

import pytest

from environment.databases import Databases
from environment.paths import checkout_key, log_file

#: Odoo's addons with the charts.
MODULES = ("l10n_it", "l10n_es", "l10n_fr_account")

#: A company with each chart, loaded before or after our addon; an invoice of 1,000 for each account
#: is settled by an entry on it. What was found is printed.
SETTLE = """
import json
from odoo import Command

def settle(company, code, amount=1000.0):
    env_ = env(context={**env.context, "allowed_company_ids": company.ids})
    partner = env_["res.partner"].create({"name": f"{company.name} {code}"})
    invoice = env_["account.move"].create({
        "move_type": "out_invoice",
        "partner_id": partner.id,
        "invoice_date": "2024-01-10",
        "invoice_date_due": "2024-02-09",
        "invoice_payment_term_id": False,
        "invoice_line_ids": [
            Command.create({"name": "Goods", "price_unit": amount, "tax_ids": []})
        ],
    })
    invoice.action_post()
    line = invoice.line_ids.filtered(lambda item: item.display_type == "payment_term")
    account = env_["account.account"].search([("code", "=like", code + "%")], limit=1)
    entry = env_["account.move"].create({
        "move_type": "entry",
        "date": "2024-01-20",
        "line_ids": [
            Command.create({
                "account_id": account.id, "partner_id": partner.id, "balance": amount,
            }),
            Command.create({
                "account_id": line.account_id.id, "partner_id": partner.id, "balance": -amount,
            }),
        ],
    })
    entry.action_post()
    (line | entry.line_ids[1]).reconcile()
    env_.flush_all()
    return account, invoice

def look(account, invoice):
    env.invalidate_all()
    settlements = env["account.receivable.settlement"].search([("invoice_id", "=", invoice.id)])
    moved = env["account.receivable.transfer"].search([("invoice_id", "=", invoice.id)])
    return {
        "proposal": account.receivable_proposal,
        "settled": {row.kind: row.amount for row in settlements},
        "owed": sum(moved.mapped("amount_open")),
    }

result = {}
for chart, codes in CHARTS.items():
    company = env["res.company"].search([("chart_template", "=", chart)], limit=1)
    if not company:
        company = env["res.company"].create({"name": f"Chart {chart}"})
        env["account.chart.template"].try_loading(chart, company, install_demo=False)
    env.user.company_ids |= company
    env.user.company_id = company
    settled = {code: settle(company, code) for code in codes}
    before = {code: look(*settled[code]) for code in codes}
    rows = env["account.receivable.account"].search([("company_id", "=", company.id)])
    rows.action_accept_proposal()
    env.flush_all()
    result[chart] = [before, {code: look(*settled[code]) for code in codes}]
env.cr.commit()
print("FOUND " + json.dumps(result))
"""

OWED = {"proposal": "owed", "settled": {}, "owed": 1000.0}
ALLOWANCE = {"proposal": "loss", "settled": {}, "owed": 1000.0}
LOST = {"proposal": "loss", "settled": {"write_off": 1000.0}, "owed": 0}
BY_TYPE = {"proposal": False, "settled": {}, "owed": 1000.0}
PAID = {"proposal": False, "settled": {"payment": 1000.0}, "owed": 0}
#: By chart and beginning of the code: before and after the proposals are accepted.
EXPECTED = {
    "it": {
        "1505": (OWED, OWED),  # bills
        "1510": (OWED, OWED),  # claims that came back unpaid
        "1511": (OWED, OWED),
        "1540": (ALLOWANCE, LOST),
        "1541": (ALLOWANCE, LOST),
    },
    "es_pymes": {
        "4310": (BY_TYPE, BY_TYPE),  # bills in portfolio are receivables there
        "4312": (OWED, OWED),
        "436": (BY_TYPE, BY_TYPE),  # doubtful, too
        "490": (ALLOWANCE, LOST),
        "473": (PAID, PAID),  # tax withheld by the customer
        "438": (PAID, PAID),  # an advance applied
    },
    "fr": {
        "413": (BY_TYPE, BY_TYPE),
        "416": (OWED, OWED),
        "491": (ALLOWANCE, LOST),
        "4191": (PAID, PAID),
    },
}


@pytest.fixture(scope="module")
def database(environment):
    """The charts and our addon; Italy's chart was loaded before the addon was there."""
    databases = Databases(environment)
    name = f"charts_{checkout_key()}"
    log = log_file("charts")
    databases.copy(databases.template(demo=False), name)
    try:
        databases.install(name, list(MODULES), False, log)
        environment.shell(
            name,
            """
company = env["res.company"].create({"name": "Chart it"})
env["account.chart.template"].try_loading("it", company, install_demo=False)
env.cr.commit()
""",
        )
        databases.install(name, ["account_receivable_settlement"], False, log)
        yield environment, name
    finally:
        databases.drop(name)


def test_claims_are_owed_and_never_silently_paid(database):
    environment, name = database
    charts = {chart: list(codes) for chart, codes in EXPECTED.items()}
    output = environment.shell(name, f"CHARTS = {charts!r}\n{SETTLE}")
    [line] = [line for line in output.splitlines() if line.startswith("FOUND ")]
    found = json.loads(line.removeprefix("FOUND "))
    for chart, accounts in EXPECTED.items():
        before, after = found[chart]
        assert before == {code: expected[0] for code, expected in accounts.items()}, chart
        assert after == {code: expected[1] for code, expected in accounts.items()}, chart
