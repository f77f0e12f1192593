"""What customers buy, in the browser: the panel, *Add* on a quotation, a list that becomes work."""

import json
import time

import pytest

SECONDS = 60


@pytest.fixture(scope="module")
def suggestion(odoo_server):
    """A product that a customer of the demo data could buy, once the scheduled action has run."""
    api = odoo_server.api()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = api.search_read("crm.customer.suggestion", [], "partner_id", "product_id")
        if found:
            return found[0]
        time.sleep(0.5)
    raise AssertionError(f"no suggestion after {SECONDS} seconds")


@pytest.fixture
def quotation(odoo, suggestion):
    return odoo.api().create(
        "sale.order",
        partner_id=suggestion["partner_id"][0],
        user_id=odoo.api().search_read("res.users", [["login", "=", "salesperson"]], "id")[0]["id"],
    )


def get_products(odoo, quotation):
    lines = odoo.api().search_read(
        "sale.order.line", [["order_id", "=", quotation]], "product_id", "product_uom_qty"
    )
    return [(line["product_id"][0], line["product_uom_qty"]) for line in lines]


def test_salesperson_adds_what_is_suggested(odoo, visit, suggestion, quotation):
    visitor = visit("salesperson")
    visitor.open(f"/odoo/sales/{quotation}")
    page = visitor.page
    page.click(".o_notebook .nav-link:has-text('Purchases')")
    name = suggestion["product_id"][1].split("] ")[-1]
    row = page.locator(".o_field_widget[name=suggestion_ids] .o_data_row", has_text=name)
    row.get_by_role("button", name="Add").click()
    row.wait_for(state="detached")
    assert (suggestion["product_id"][0], 1) in get_products(odoo, quotation)


def test_opportunity_shows_what_the_customer_buys(odoo, visit, suggestion):
    api = odoo.api("salesperson")
    deal = api.create(
        "crm.lead",
        name="More of the same",
        type="opportunity",
        partner_id=suggestion["partner_id"][0],
    )
    visitor = visit("salesperson")
    visitor.open(f"/odoo/crm/{deal}")
    page = visitor.page
    page.click(".o_notebook .nav-link:has-text('Purchases')")
    name = suggestion["product_id"][1].split("] ")[-1]
    page.locator(".o_field_widget[name=purchase_panel]", has_text=name).wait_for()


def test_list_becomes_activities(odoo, visit):
    domain = [
        ["res_model", "=", "crm.customer.health"],
        ["summary", "=", "Talk about what the customer buys"],
    ]
    assert not odoo.api().search_read("mail.activity", domain, "res_id")
    visitor = visit("salesperson")
    visitor.open("/odoo/crm")
    page = visitor.page
    page.click(".o_menu_sections button:has-text('Sales')")
    page.click(".o-dropdown--menu :text-is('Stopped Buying')")
    page.wait_for_selector(".o_list_view .o_data_row")
    customers = set(page.locator(".o_data_row td[name=partner_id]").all_inner_texts())
    page.click(".o_list_view thead .o_list_record_selector input")
    page.click("button:has-text('Activity for the Salesperson')")
    page.wait_for_selector(f".o_notification:has-text('Activities: {len(customers)}.')")
    activities = odoo.api().search_read("mail.activity", domain, "res_name", "user_id")
    assert {one["res_name"] for one in activities} == customers, json.dumps(activities)
