"""What people print: Chromium makes a PDF of what the report engine renders; it is read back."""

import io

import pytest
from pypdf import PdfReader


@pytest.fixture
def customer(odoo):
    """Whoever owes most that is overdue."""
    rows = odoo.api("accountant").search_read(
        "crm.customer.health",
        [("overdue_amount", ">", 0)],
        "partner_id",
        "overdue_amount",
    )
    return max(rows, key=lambda row: row["overdue_amount"])


def print_pages(visitor, report, key):
    """The texts of the pages."""
    # Core's reports name no icon, and browsers ask for one.
    visitor.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    visitor.page.goto(f"{visitor.url}/report/html/{report}/{key}")
    pdf = PdfReader(io.BytesIO(visitor.page.pdf(format="A4")))
    return [page.extract_text() for page in pdf.pages]


@pytest.mark.parametrize(
    ("report", "key"),
    [
        ("account_receivable_statement.report_statement", "partner_id"),
        ("crm_customer_health.report_customer_sheet", "id"),
    ],
)
def test_a_customer_on_paper(visit, customer, report, key):
    name = customer["partner_id"][1]
    number = customer["id"] if key == "id" else customer["partner_id"][0]
    pages = print_pages(visit("accountant"), report, number)
    assert 1 <= len(pages) <= 4
    text = " ".join(" ".join(pages).split())
    assert name in text
    assert f"{customer['overdue_amount']:,.2f}" in text
