"""Accounting elsewhere: its export comes in by the external API, and by hand in the browser."""

import base64
import csv
import io
import os
from decimal import Decimal
from pathlib import Path

import pytest

from support.waiting import eventually

#: Data sets that anybody can download; beside the repository, or where the variables say.
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
IBM = Path(
    os.environ.get("IBM_ACCOUNTS_RECEIVABLE")
    or next(iter(sorted((DATA / "ibm_accounts_receivable").glob("*.csv"))), DATA / "missing")
)
MAVEN = Path(
    os.environ.get("MAVEN_SALES_PIPELINE") or DATA / "maven_crm" / "sales_pipeline_iso_dates.csv"
)

HEADER = (
    "Customer,Invoice Number,Invoice Date,Due Date,Amount,Opportunity,Settled Date,Settled Amount\n"
)


def won_deal(odoo, name):
    """A deal that a salesperson won with a customer of that name."""
    sales = odoo.api("salesperson")
    customer = sales.create("res.partner", name=f"{name} Ltd", is_company=True)
    deal = sales.create("crm.lead", name=name, type="opportunity", partner_id=customer)
    sales.call("crm.lead", "action_set_won", [deal])
    return deal


def figures(odoo, deal):
    """What the salesperson reads: status, stage, invoiced, paid."""
    values = odoo.api("salesperson").read(
        "crm.lead", deal, "billing_status", "stage_id", "invoiced_total", "paid_total"
    )
    return (
        values["billing_status"],
        values["stage_id"][1],
        values["invoiced_total"],
        values["paid_total"],
    )


def test_another_program_sends_its_invoices_twice(odoo):
    deal = won_deal(odoo, "Garden wall")
    assert figures(odoo, deal) == ("none", "Won", 0.0, 0.0)
    invoiced = HEADER + "Garden wall Ltd,W-1,2026-01-05,2026-02-04,500,Garden wall,,\n"
    paid = HEADER + "Garden wall Ltd,W-1,2026-01-05,2026-02-04,500,Garden wall,2026-02-01,500\n"
    results = []
    for content in (invoiced, paid, paid):
        result = odoo.api("accountant").call(
            "accounting.import",
            "import_file",
            name="export.csv",
            content=base64.b64encode(content.encode()).decode(),
        )
        results.append((result["created"], result["updated"], result["unchanged"]))
        assert not result["errors"], result["errors"]
    assert results == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    expected = ("paid", "Paid", 500.0, 500.0)
    assert eventually(lambda: figures(odoo, deal), expected) == expected


def test_accountant_imports_a_file(odoo, visit, tmp_path):
    deal = won_deal(odoo, "Garden gate")
    file = tmp_path / "gate.csv"
    file.write_text(
        HEADER
        + "Garden gate Ltd,G-1,2026-01-05,2026-02-04,300,Garden gate,2026-02-01,100\n"
        + "Nobody Ltd,G-2,2026-01-05,2026-02-04,300,,,\n"
    )
    visitor = visit("accountant")
    visitor.open("/odoo/accounting-import/new")
    page = visitor.page
    page.locator("input[type=file]").set_input_files(file)
    page.locator("button[name=action_read_file]").click()
    page.locator("[name=column_ids] .o_data_row", has_text="Invoice Number").wait_for()
    page.locator("button[name=action_preview]").click()
    page.locator("[name=preview_error_ids] .o_data_row", has_text="Nobody Ltd").wait_for()
    button = page.locator("button[name=action_import]")
    assert button.inner_text() == "Create 1 Invoice, 300.00 USD"
    assert figures(odoo, deal)[2] == 0.0, "nothing is booked yet"
    button.click()
    page.locator("button[name=action_undo]").wait_for()
    page.locator("button[name=action_view_errors]").click()
    row = page.locator(".o_data_row", has_text="G-2").filter(has_text="Nobody Ltd")
    row.wait_for()
    assert "G-2" in row.inner_text()
    expected = ("overdue", "Invoiced", 300.0, 100.0)
    assert eventually(lambda: figures(odoo, deal), expected) == expected
    page.go_back()
    page.locator("button[name=action_undo]").click()
    page.locator(".modal button", has_text="Take Back").click()
    page.locator("button[name=action_import_again]").wait_for()
    expected = ("none", "Won", 0.0, 0.0)
    assert eventually(lambda: figures(odoo, deal)[2:], expected[2:]) == expected[2:]


def known_customers(odoo, field, values):
    """Customers that have these values in a field."""
    values = sorted(set(values))
    odoo.api("salesperson").call(
        "res.partner",
        "create",
        vals_list=[{"name": value, field: value, "is_company": True} for value in values],
    )


def upload(visitor, file):
    """Upload a file, and wait until its columns are there."""
    visitor.open("/odoo/accounting-import/new")
    visitor.page.locator("input[type=file]").set_input_files(file)
    visitor.page.locator("button[name=action_read_file]").click()
    visitor.page.locator("[name=column_ids] .o_data_row").first.wait_for()


def choose(page, row, field, value):
    """Choose a value in a cell of an editable list."""
    cell = row.locator(f"td[name={field}]")
    cell.click()
    cell.locator("input").fill(value)
    page.locator(".o_select_menu_menu .o_select_menu_item", has_text=value).first.click()


def wait_for_preview(page):
    """Press Preview; refresh until what is done in the background is done."""
    page.locator("button[name=action_preview]").click()
    button, refresh = (
        page.locator(f"button[name={name}]") for name in ("action_import", "action_refresh")
    )

    def is_there():
        button.or_(refresh).first.wait_for()
        if refresh.is_visible():
            refresh.click()
        return button.is_visible()

    assert eventually(is_there, True)
    return button


def excerpt(path, target, count):
    """The first rows of a CSV file as a file of their own, and as dictionaries."""
    lines = path.read_text().splitlines(keepends=True)[: count + 1]
    target.write_text("".join(lines))
    return list(csv.DictReader(io.StringIO("".join(lines))))


@pytest.mark.skipif(not IBM.is_file(), reason="the IBM data set is not there")
def test_ibm_accounts_receivable(odoo, visit, tmp_path):
    """Invoices as a real company has them: the preview says their sum, they are booked, and taken
    back.
    """
    file = tmp_path / "receivables.csv"
    rows = excerpt(IBM, file, 300)
    known_customers(odoo, "ref", [row["customerID"] for row in rows])
    visitor = visit("accountant")
    page = visitor.page
    upload(visitor, file)
    chosen = page.locator("[name=date_format]")
    assert "12/31/2024" in chosen.inner_text() or "mdy" in (chosen.locator("select").input_value())
    total = sum(Decimal(row["InvoiceAmount"]) for row in rows)
    button = wait_for_preview(page)
    assert button.inner_text() == f"Create {len(rows)} Invoices, {total:,.2f} USD"
    page.screenshot(path=tmp_path / "ibm_preview.png")
    button.click()
    page.locator("button[name=action_undo]").wait_for(timeout=120_000)
    page.locator("button[name=action_view_invoices]", has_text=str(len(rows))).wait_for()
    books = odoo.api("accountant")
    numbers = [row["invoiceNumber"] for row in rows]
    moves = books.search_read(
        "account.move",
        [["name", "in", numbers], ["state", "=", "posted"]],
        "name",
        "invoice_date",
        "amount_total",
        "payment_state",
    )
    found = {move["name"]: (move["invoice_date"], move["amount_total"]) for move in moves}
    for row in rows:
        month, day, year = map(int, row["InvoiceDate"].split("/"))
        expected = (f"{year}-{month:02}-{day:02}", float(row["InvoiceAmount"]))
        assert found[row["invoiceNumber"]] == expected
    assert {move["payment_state"] for move in moves} == {"paid"}
    page.locator("button[name=action_undo]").click()
    page.locator(".modal button", has_text="Take Back").click()
    page.locator("button[name=action_import_again]").wait_for(timeout=120_000)
    assert not books.search_read("account.move", [["name", "in", numbers]], "name")


@pytest.mark.skipif(not MAVEN.is_file(), reason="the sales pipeline is not there")
def test_columns_of_a_sales_pipeline_are_chosen_by_hand(odoo, visit, tmp_path):
    """A file of no accounting program: nothing is known, everything can be said."""
    file = tmp_path / "pipeline.csv"
    rows = excerpt(MAVEN, file, 300)
    known_customers(odoo, "name", [row["account"] for row in rows if row["account"]])
    visitor = visit("accountant")
    page = visitor.page
    upload(visitor, file)
    for column, field in (
        ("opportunity_id", "Invoice Number"),
        ("account", "Customer Name"),
        ("deal_stage", "Status"),
        ("close_date", "Invoice Date"),
        ("close_value", "Amount (Negative"),
    ):
        row = page.locator("[name=column_ids] .o_data_row").filter(
            has=page.locator("td[name=name]", has_text=column)
        )
        choose(page, row.first, "field", field)
    for word, meaning in (("Won", "Open"), ("Lost", "Leave Out"), ("Engaging", "Leave Out")):
        row = page.locator("[name=word_ids] .o_data_row").filter(
            has=page.locator("td[name=name]", has_text=word)
        )
        choose(page, row.first, "meaning", meaning)
    terms = page.locator("[name=payment_term_id] input")
    terms.fill("30 Days")
    page.locator(".o-autocomplete--dropdown-item", has_text="30 Days").first.click()
    won = [row for row in rows if row["deal_stage"] == "Won"]
    total = sum(Decimal(row["close_value"]) for row in won)
    button = wait_for_preview(page)
    assert button.inner_text() == f"Create {len(won)} Invoices, {total:,.2f} USD"
    page.screenshot(path=tmp_path / "maven_preview.png")
    page.locator("[name=summary]", has_text=f"{len(rows) - len(won)} rows are drafts").wait_for()
