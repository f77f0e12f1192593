"""A deal from enquiry to paid and back, as an outside program and a salesperson see it."""

import re
from functools import partial

import pytest

from support.waiting import eventually

FIGURES = ("billing_status", "invoiced_total", "credited_total", "paid_total", "due_total")


def unreconcile(accounting, moves):
    """Take back what these invoices were settled with."""
    lines = accounting.search_read(
        "account.move.line", [["move_id", "in", moves], ["display_type", "=", "payment_term"]]
    )
    accounting.call("account.move.line", "remove_move_reconcile", [line["id"] for line in lines])


class Deal:
    """One opportunity: a salesperson's, invoiced by an accountant, each with own rights."""

    def __init__(self, odoo, name):
        self.sales = odoo.api("salesperson")
        self.accounting = odoo.api("accountant")
        self.customer = self.sales.create("res.partner", name=f"{name} Ltd", is_company=True)
        self.id = self.sales.create(
            "crm.lead", name=name, type="opportunity", partner_id=self.customer
        )

    def invoice(self, *amounts, **values):
        """A posted invoice with one line for each amount."""
        move = self.accounting.create(
            "account.move",
            **values,
            move_type="out_invoice",
            partner_id=self.customer,
            opportunity_id=self.id,
            invoice_line_ids=[
                [0, 0, {"name": f"Line {amount}", "price_unit": amount, "tax_ids": [[6, 0, []]]}]
                for amount in amounts
            ],
        )
        self.accounting.call("account.move", "action_post", [move])
        return move

    def pay(self, move, amount=None):
        """Register a payment in the wizard, of what is open or a part of it."""
        wizard = self.accounting.call(
            "account.payment.register",
            "create",
            vals_list=[{"amount": amount} if amount else {}],
            context={"active_model": "account.move", "active_ids": [move]},
        )
        self.accounting.call("account.payment.register", "action_create_payments", wizard)

    def credit(self, move):
        """A credit note for all of the invoice, posted."""
        journal = self.accounting.read("account.move", move, "journal_id")["journal_id"][0]
        wizard = self.accounting.call(
            "account.move.reversal",
            "create",
            vals_list=[{"journal_id": journal, "reason": "Returned"}],
            context={"active_model": "account.move", "active_ids": [move]},
        )
        self.accounting.call("account.move.reversal", "refund_moves", wizard)
        refund = self.accounting.search_read(
            "account.move", [["reversed_entry_id", "=", move]], "name"
        )[0]["id"]
        self.accounting.call("account.move", "action_post", [refund])

    def assert_is(self, status, stage, **figures):
        """Compare what the salesperson soon reads; amounts not named are zero."""

        def read():
            values = self.sales.read("crm.lead", self.id, "stage_id", *FIGURES)
            return {**{name: values[name] for name in FIGURES}, "stage": values["stage_id"][1]}

        amounts = {name: figures.get(name, 0.0) for name in FIGURES[1:]}
        expected = pytest.approx({"billing_status": status, **amounts, "stage": stage})
        assert eventually(read, expected) == expected


def test_deal_follows_its_invoice(odoo):
    deal = Deal(odoo, "Bicycle racks")
    deal.assert_is("none", "New")
    invoice = deal.invoice(600.0, 400.0)
    deal.assert_is("invoiced", "Invoiced", invoiced_total=1000.0, due_total=1000.0)
    deal.pay(invoice, 500.0)
    deal.assert_is(
        "partially_paid", "Invoiced", invoiced_total=1000.0, paid_total=500.0, due_total=500.0
    )
    deal.pay(invoice)
    deal.assert_is("paid", "Paid", invoiced_total=1000.0, paid_total=1000.0)
    unreconcile(deal.accounting, [invoice])
    deal.assert_is("invoiced", "Invoiced", invoiced_total=1000.0, due_total=1000.0)
    deal.credit(invoice)
    deal.assert_is("credited", "Won", credited_total=1000.0)


def test_salesperson_reads_the_paid_deal_in_the_pipeline(odoo, visit):
    deal = Deal(odoo, "Lighthouse lamp")
    deal.pay(deal.invoice(1234.5))
    deal.assert_is("paid", "Paid", invoiced_total=1234.5, paid_total=1234.5)
    visitor = visit("salesperson")
    visitor.open("/odoo/crm")
    page = visitor.page
    column = page.locator(".o_kanban_group").filter(
        has=page.locator(".o_kanban_header_title", has_text=re.compile("^Paid"))
    )
    card = column.locator(".o_kanban_record", has_text="Lighthouse lamp")
    assert card.locator("[name=billing_status]").inner_text() == "Paid"
    card.click()
    strip = page.locator("[name=billing_strip]")
    strip.wait_for()
    figures = {
        name: strip.locator(f"[name={name}]").inner_text().replace("\N{NO-BREAK SPACE}", " ")
        for name in ("invoiced_total", "paid_total", "due_total", "overdue_total")
    }
    assert figures == {
        "invoiced_total": "$ 1,234.50",
        "paid_total": "$ 1,234.50",
        "due_total": "$ 0.00",
        "overdue_total": "$ 0.00",
    }


def test_ribbon_of_a_won_deal_says_that_it_is_overdue(odoo, visit):
    """A green WON would cover the colour that says that money is late."""
    visitor = visit("salesperson")
    for name, due, expected in (
        ("Harbour crane", "2026-01-05", "OVERDUE"),
        ("Harbour light", "2036-01-05", "WON"),
    ):
        deal = Deal(odoo, name)
        deal.sales.call("crm.lead", "action_set_won", [deal.id])
        deal.invoice(100.0, invoice_date="2026-01-02", invoice_date_due=due)
        status = "overdue" if expected == "OVERDUE" else "invoiced"
        read = partial(deal.sales.read, "crm.lead", deal.id, "billing_status")
        eventually(lambda read=read: read()["billing_status"], status)
        visitor.open(f"/odoo/crm/{deal.id}")
        visitor.page.locator("[name=billing_strip]").wait_for()
        assert [text.upper() for text in visitor.page.locator(".ribbon").all_inner_texts()] == [
            expected
        ]


def test_demo_has_something_of_everything(odoo):
    """Every screen shows something: deals of each status, promises of each end, changes."""
    api = odoo.api("admin")
    statuses = {
        deal["billing_status"] for deal in api.search_read("crm.lead", [], "billing_status")
    }
    assert statuses >= {
        "none",
        "quoted",
        "ordered",
        "invoiced",
        "partially_paid",
        "overdue",
        "paid",
    }
    promises = {row["state"] for row in api.search_read("crm.payment.promise", [], "state")}
    assert promises >= {"running", "kept", "broken"}
    assert api.search_read("crm.customer.health.change", [], "id"), "no customer changed status"


def test_accountant_withdraws_a_payment_of_the_demo_story(odoo):
    """The demo data are no facade: without its payment the deal leaves Paid."""
    accounting = odoo.api("accountant")
    domain = [["name", "=", "Ovens for two bakeries"]]

    def read():
        deal = accounting.search_read(
            "crm.lead", domain, "stage_id", "billing_status", "paid_total"
        )[0]
        return (deal["stage_id"][1], deal["billing_status"], deal["paid_total"] > 0)

    assert eventually(read, ("Paid", "paid", True)) == ("Paid", "paid", True)
    deal = accounting.search_read("crm.lead", domain, "invoice_ids")[0]
    unreconcile(accounting, deal["invoice_ids"])
    assert eventually(read, ("Invoiced", "overdue", False)) == ("Invoiced", "overdue", False)
