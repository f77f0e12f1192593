"""My Page and a statement, as salespeople, their leader and who pays them see it in a browser."""

import datetime

import pytest

from support.waiting import eventually

PHONE = {"width": 390, "height": 844}
MY_PAGE = "/odoo/my-page"
TARGETS = "/odoo/action-crm_sales_commission.crm_sales_target_action"
STATEMENTS = "/odoo/action-crm_sales_commission.crm_commission_statement_action"

#: Whether nobody has to move the page to and fro to read it.
IS_READABLE = """
() => document.querySelector(".o_action_manager").scrollWidth <= window.innerWidth
    && [...document.querySelectorAll(".o_form_sheet, .o_kanban_record")].every(
        (element) => element.getBoundingClientRect().right <= window.innerWidth)
"""
CARD = ".o_kanban_view .o_kanban_record:not(.o_kanban_ghost)"


class Sellers:
    """Paula sells and earns 10 %, and Lena leads her team; neither has a target."""

    def __init__(self, odoo):
        self.admin = odoo.api("admin")
        self.manager = odoo.api("salesmanager")
        self.accounting = odoo.api("accountant")
        [group] = self.admin.search_read(
            "ir.model.data",
            [["module", "=", "sales_team"], ["name", "=", "group_sale_salesman"]],
            "res_id",
        )
        self.lena, self.paula = (
            self.admin.create(
                "res.users",
                name=name,
                login=name.lower(),
                password=name.lower(),
                group_ids=[[6, 0, [group["res_id"]]]],
            )
            for name in ("Lena", "Paula")
        )
        team = self.admin.create("crm.team", name="South", user_id=self.lena)
        self.admin.create("crm.team.member", crm_team_id=team, user_id=self.paula)
        last = datetime.date.today().replace(day=1) - datetime.timedelta(days=1)
        self.first_day, self.last_day = str(last.replace(day=1)), str(last)
        plan = self.manager.create(
            "crm.commission.plan",
            name="Ten Per Cent",
            rate=10.0,
            date_from=self.first_day,
            assignment_ids=[[0, 0, {"user_id": self.paula}]],
        )
        self.manager.call("crm.commission.plan", "action_approve", [plan])

    def sell(self, amount):
        """An invoice of Paula's of last month, which was paid on its last day."""
        move = self.accounting.create(
            "account.move",
            move_type="out_invoice",
            partner_id=self.admin.create("res.partner", name="Paula's Customer"),
            invoice_user_id=self.paula,
            invoice_date=self.first_day,
            date=self.first_day,
            invoice_line_ids=[
                [0, 0, {"name": "Line", "price_unit": amount, "tax_ids": [[6, 0, []]]}]
            ],
        )
        self.accounting.call("account.move", "action_post", [move])
        wizard = self.accounting.call(
            "account.payment.register",
            "create",
            vals_list=[{"payment_date": self.last_day}],
            context={"active_model": "account.move", "active_ids": [move]},
        )
        self.accounting.call("account.payment.register", "action_create_payments", wizard)

    def earned(self):
        """What Paula's events come to."""
        domain = [["user_id", "=", self.paula], ["kind", "=", "earned"]]
        rows = self.manager.search_read("crm.commission.event", domain, "amount")
        return sum(row["amount"] for row in rows)


@pytest.fixture(scope="module")
def sellers(odoo_server):
    return Sellers(odoo_server)


def open_page(visitor, path, view):
    """Open a page and wait until there is something on it."""
    visitor.open(path)
    visitor.page.wait_for_selector(view)
    return visitor.page


def test_my_page_with_a_target(visit):
    """At the desk and on the phone."""
    visitor = visit("salesperson")
    page = open_page(visitor, MY_PAGE, "[name=graph] canvas")
    assert "9,000.00" in page.inner_text("[name=target_amount]")
    assert page.is_visible("[name=attainment] .o_progressbar")
    page.click("button[name=action_view_overdue]")
    page.wait_for_selector(".o_breadcrumb :text('Overdue Customers')")
    page.set_viewport_size(PHONE)
    for path, view in ((MY_PAGE, "[name=attained_amount]"), (TARGETS, CARD)):
        open_page(visitor, path, view)
        assert page.evaluate(IS_READABLE), path


def test_my_page_without_a_target(sellers, visit):
    page = open_page(visit("paula"), MY_PAGE, ".o_form_view .oe_title")
    assert "Paula" in page.inner_text(".oe_title")
    assert not page.locator("[name=attainment] .o_progressbar").count()
    assert page.is_visible("[name=commission_earned]")
    for name in ("overdue", "flags", "promises", "deals", "lapsed", "commission"):
        assert page.locator(f"button[name=action_view_{name}]").count(), name


def test_leader_sees_the_team(sellers, visit):
    """His own page, and the cards of his people; not those of others."""
    visitor = visit("lena")
    page = open_page(visitor, MY_PAGE, ".o_form_view .oe_title")
    assert "Lena" in page.inner_text(".oe_title")
    open_page(visitor, TARGETS, CARD)
    cards = page.locator(CARD).all_inner_texts()
    assert sorted(card.split()[0] for card in cards) == ["Lena", "Paula"]


def test_statement_from_draft_to_paid_out(sellers, visit):
    sellers.sell(800.0)
    assert eventually(sellers.earned, 80.0) == pytest.approx(80.0)
    page = open_page(visit("salesmanager"), STATEMENTS, ".o_list_view")
    page.click("button[name=action_create_drafts]")
    page.click(".o_data_row:has-text('Paula'):has-text('80.00')")
    page.wait_for_selector(".o_form_view .o_arrow_button_current:text('Draft')")
    assert "Paula's Customer" in page.inner_text("[name=line_ids]")
    page.click("button[name=action_confirm]")
    page.click(".modal-footer .btn-primary")
    page.wait_for_selector(".o_arrow_button_current:text('Confirmed')")
    paula = open_page(visit("paula"), MY_PAGE, ".o_form_view .oe_title")
    assert "80.00" in paula.inner_text("button[name=action_view_commission]")
    page.click("button[name=action_mark_paid]")
    page.wait_for_selector(".o_arrow_button_current:text('Paid Out')")
    assert not page.locator("button[name=action_mark_paid]").count()
    paula.click("button[name=action_view_commission]")
    row = paula.wait_for_selector(".o_data_row:has-text('80.00')")
    assert "Paid Out" in row.inner_text()
