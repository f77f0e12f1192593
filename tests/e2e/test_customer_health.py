"""A customer who owes, pays, and is seen so by sales, with the scheduler at work."""

import datetime
import io
import time

import openpyxl
import pytest

#: Mostly two or three; while the forecast of all customers is computed, one is left for a minute.
SECONDS = 90


class Customer:
    """A salesperson's customer, invoiced by an accountant, each with own rights."""

    def __init__(self, odoo, name):
        self.sales = odoo.api("salesperson")
        self.accounting = odoo.api("accountant")
        self.id = self.sales.create("res.partner", name=name, is_company=True)

    def invoice(self, amount, days_ago):
        """A posted invoice, due so many days ago."""
        day = str(datetime.date.today() - datetime.timedelta(days=days_ago))
        move = self.accounting.create(
            "account.move",
            move_type="out_invoice",
            partner_id=self.id,
            invoice_date=day,
            invoice_date_due=day,
            invoice_payment_term_id=False,
            invoice_line_ids=[
                [0, 0, {"name": "Line", "price_unit": amount, "tax_ids": [[6, 0, []]]}]
            ],
        )
        self.accounting.call("account.move", "action_post", [move])
        return move

    def pay(self, move):
        wizard = self.accounting.call(
            "account.payment.register",
            "create",
            vals_list=[{}],
            context={"active_model": "account.move", "active_ids": [move]},
        )
        self.accounting.call("account.payment.register", "action_create_payments", wizard)

    def wait_for(self, **figures):
        """Wait until the stored row, as the salesperson reads it in a list, has these figures."""
        deadline = time.monotonic() + SECONDS
        values = {}
        while time.monotonic() < deadline:
            rows = self.sales.search_read(
                "crm.customer.health", [["partner_id", "=", self.id]], *figures
            )
            values = {name: rows[0][name] for name in figures} if rows else {}
            if values == pytest.approx(figures):
                return
            time.sleep(0.5)
        raise AssertionError(f"{values}, not {figures}, after {SECONDS} seconds")


def test_row_follows_payments_within_seconds(odoo):
    customer = Customer(odoo, "Slow Payers Ltd")
    invoice = customer.invoice(800.0, days_ago=40)
    customer.wait_for(open_amount=800.0, overdue_amount=800.0, overdue_count=1)
    customer.pay(invoice)
    customer.wait_for(open_amount=0.0, overdue_amount=0.0, paid_amount=800.0, payment_count=1)


def test_flag_goes_when_the_customer_has_paid(odoo):
    customer = Customer(odoo, "Forgetful Ltd")
    invoice = customer.invoice(1500.0, days_ago=40)
    customer.wait_for(overdue_amount=1500.0)
    customer.sales.call("res.partner", "action_flag_to_sales", [customer.id])
    [row] = customer.sales.search_read(
        "crm.customer.health", [["partner_id", "=", customer.id]], "overdue_facts"
    )
    assert "1,500.00" in row["overdue_facts"]
    on_row = [["res_model", "=", "crm.customer.health"], ["res_id", "=", row["id"]]]
    [activity] = customer.sales.search_read("mail.activity", on_row, "summary", "user_id")
    assert activity["summary"] == "Overdue customer"
    customer.pay(invoice)
    customer.wait_for(overdue_amount=0.0)
    assert not customer.sales.search_read("mail.activity", on_row, "summary")
    [flag] = customer.sales.search_read(
        "crm.customer.flag", [["partner_id", "=", customer.id]], "state", "closing_reason"
    )
    assert (flag["state"], flag["closing_reason"]) == ("closed", "cured")


def test_salesperson_reads_the_diagnosis(odoo, visit):
    customer = Customer(odoo, "Overdue Readers Ltd")
    customer.invoice(700.0, days_ago=50)
    customer.wait_for(overdue_amount=700.0)
    health = customer.sales.search_read(
        "crm.customer.health", [["partner_id", "=", customer.id]], "id"
    )[0]["id"]
    page = visit("salesperson").page
    page.goto(f"{odoo.url}/odoo/customer-health/{health}")
    page.wait_for_selector(".o_form_view")
    text = page.inner_text(".o_form_view")
    assert "Overdue Readers Ltd" in text
    assert "700.00 is overdue" in text


def test_accountant_downloads_the_workbook(odoo, visit):
    customer = Customer(odoo, "=Formula & Sons")
    customer.invoice(650.0, days_ago=20)
    customer.wait_for(overdue_amount=650.0)
    visitor = visit("accountant")
    visitor.open("/odoo/customer-health")
    page = visitor.page
    page.click(".o_data_row:has-text('=Formula') .o_list_record_selector input")
    page.click(".o_cp_action_menus .dropdown-toggle:has-text('Actions')")
    with page.expect_download() as download:
        page.click(".o-dropdown--menu :text('Workbook')")
    with open(download.value.path(), "rb") as file:
        book = openpyxl.load_workbook(io.BytesIO(file.read()))
    cells = [cell for row in book["Customers"].iter_rows() for cell in row]
    names = [cell for cell in cells if cell.value == "=Formula & Sons"]
    assert [cell.data_type for cell in names] == ["s"], "A name stays text"
    assert 650.0 in [cell.value for cell in cells]


def test_address_of_the_workbook_opened_by_itself(odoo, visit):
    """Of the menu item in a tab of its own: the file comes, and there is a page to look at."""
    [[__, action]] = [
        (data["name"], data["res_id"])
        for data in odoo.api("admin").search_read(
            "ir.model.data",
            [["name", "=", "crm_customer_health_workbook_action"]],
            "name",
            "res_id",
        )
    ]
    page = visit("accountant").page
    with page.expect_download() as download:
        page.goto(f"{odoo.url}/odoo/action-{action}")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.wait_for_selector(".o_list_view .o_data_row")


def test_a_colour_means_the_same_in_graphs_and_badges(odoo, visit):
    customer = Customer(odoo, "Colourful Ltd")
    customer.invoice(900.0, days_ago=200)
    customer.wait_for(overdue_amount=900.0)
    page = visit("accountant").page
    page.goto(f"{odoo.url}/odoo/customer-health?view_type=graph")
    page.wait_for_selector(".o_graph_renderer canvas")
    bars = """() => Object.fromEntries(
        Chart.getChart(document.querySelector(".o_graph_renderer canvas")).data.datasets.map(
            (dataset) => [dataset.label, dataset.backgroundColor]))"""
    colors = page.evaluate(bars)
    meant = {"Healthy": "#28a745", "Watch": "#ffac00", "At Risk": "#d44c59", "Unknown": "#adb5bd"}
    shown = {label: color for label, color in colors.items() if label in meant}
    assert "Watch" in shown
    assert shown == {label: meant[label] for label in shown}
