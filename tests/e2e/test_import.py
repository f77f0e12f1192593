"""Accounting elsewhere: its export comes in by the external API, and by hand in the browser."""

import base64

from support.waiting import eventually

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
