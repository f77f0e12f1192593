"""What is expected, as people see it: on an invoice, on a deal, in 13 weeks; how right it was."""

import datetime
import re
import time

import pytest

from environment.addons import our_addons
from support.waiting import SECONDS

pytestmark = pytest.mark.skipif(
    "crm_revenue_forecast" not in our_addons(), reason="crm_revenue_forecast is not here"
)

#: A day that is most likely, and a band around it.
EXPECTED = re.compile(
    r"Money expected (\d\d/\d\d/\d{4}) - (\d\d/\d\d/\d{4}) \(most likely (\d\d/\d\d/\d{4})\)"
)


@pytest.fixture(scope="module")
def forecast(odoo_server):
    """The forecast of the demo data, with its past Mondays, as the scheduled actions compute it."""
    api = odoo_server.api("admin")
    for name in ("refresh", "replay"):
        [data] = api.search_read(
            "ir.model.data",
            [["module", "=", "crm_revenue_forecast"], ["name", "=", f"ir_cron_{name}"]],
            "res_id",
        )
        api.call("ir.cron", "method_direct_trigger", [data["res_id"]])
    return api


def get_days(text):
    """The band and the most likely day of what a form says, as dates that compare."""
    found = EXPECTED.search(text)
    assert found, text
    days = [datetime.datetime.strptime(day, "%m/%d/%Y").date() for day in found.groups()]
    return [str(day) for day in days]


def get_invoice_row(api):
    """A row of the forecast of an invoice that has a band."""
    [row, *__] = api.search_read(
        "crm.revenue.forecast",
        [
            ["move_id", "!=", False],
            ["layer", "in", ["open", "overdue"]],
            ["cash_date", "!=", False],
            ["high_date", "!=", False],
        ],
        "move_id",
        "partner_id",
    )
    return row


def test_expected_day_on_an_invoice(visit, forecast):
    visitor = visit("accountant")
    [move, __] = get_invoice_row(forecast)["move_id"]
    visitor.open(f"/odoo/customer-invoices/{move}")
    field = visitor.page.wait_for_selector(".o_form_view [name=forecast_text]")
    low, high, likely = get_days(field.inner_text())
    assert low <= likely <= high


def test_expected_day_on_a_deal(visit, forecast):
    """Of a customer whose open invoice has a band, so that a deal has one, too; the customer's
    rows are written again when an invoice is posted.
    """
    [partner, __] = get_invoice_row(forecast)["partner_id"]
    today = datetime.date.today()
    deal = forecast.create(
        "crm.lead",
        name="Looking ahead",
        type="opportunity",
        partner_id=partner,
        expected_revenue=1000.0,
        date_deadline=str(today + datetime.timedelta(days=20)),
        # Odoo would ask a service of its own about the customer, which is out of reach.
        iap_enrich_done=True,
    )
    move = forecast.create(
        "account.move",
        move_type="out_invoice",
        partner_id=partner,
        invoice_date=str(today),
        invoice_line_ids=[[0, 0, {"name": "Line", "price_unit": 10.0}]],
    )
    forecast.call("account.move", "action_post", [move])
    deadline = time.monotonic() + SECONDS
    while not forecast.search_read("crm.revenue.forecast", [["lead_id", "=", deal]], "cash_date"):
        assert time.monotonic() < deadline, "the deal is not in the forecast"
        time.sleep(0.5)
    visitor = visit("admin")
    visitor.open(f"/odoo/crm/{deal}")
    field = visitor.page.wait_for_selector(".o_form_view [name=forecast_text]")
    low, high, likely = get_days(field.inner_text())
    assert str(today + datetime.timedelta(days=20)) < high
    assert low <= likely <= high


def test_13_weeks(visit, forecast):
    """13 rows of weeks; one opens what may come in it."""
    visitor = visit("accountant")
    page = visitor.page
    visitor.open("/odoo/cash-forecast")
    page.wait_for_selector(".o_list_view .o_data_row")
    weeks = page.locator(".o_data_row:has(td[name=kind]:has-text('Week'))")
    assert weeks.count() == 13
    assert weeks.first.locator("td[name=low]").inner_text()
    assert weeks.first.locator("td[name=high]").inner_text()
    weeks.nth(1).locator("td[name=week_start]").click()
    page.wait_for_selector(".o_breadcrumb :text('Revenue Forecast')")
    assert not page.locator(".o_error_dialog").count()


def test_track_record(visit, forecast):
    """Of the next four weeks together, and of each."""
    visitor = visit("accountant")
    [data] = forecast.search_read(
        "ir.model.data", [["name", "=", "crm_revenue_forecast_accuracy_action"]], "res_id"
    )
    visitor.open(f"/odoo/action-{data['res_id']}")
    rows = visitor.page.locator(".o_list_view .o_data_row")
    rows.first.wait_for()
    assert rows.count() > 4
    assert rows.first.locator("td[name=coverage]").inner_text()
