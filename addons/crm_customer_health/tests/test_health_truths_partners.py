from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import HealthCommon

OVERDUE = {
    "open_amount": 1000.0,
    "overdue_amount": 1000.0,
    "overdue_31_60": 1000.0,
    "overdue_count": 1,
    "days_overdue": 35,
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthTruthsPartners(HealthCommon):
    """Whose figures they are: contacts, payers, companies, merged and archived customers."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("base.group_partner_manager")

    def test_20_a_contacts_invoice_belongs_to_its_company(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.partner.id})
        self._invoice(partner_id=contact.id)
        self.assertRow(**OVERDUE, invoice_count=1, revenue_12m=1000.0)
        self.assertNotIn(contact, self._get_rows())

    def test_20_contacts_show_the_health_of_their_company(self):
        """In the current company; who is nobody's contact shows nothing."""
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.partner.id})
        other = self.setup_other_company(name="Other")["company"]
        self.env.user.company_ids |= other
        self._pay(self._invoice(500.0, partner_id=contact.id), date="2024-02-09")
        self._invoice()
        row = self.assertRow(**OVERDUE)
        for partner in (self.partner | contact).with_company(self.company):
            self.assertEqual(partner.health_id, row)
            self.assertEqual(partner.health_status, row.health_status)
            for name in ("health_score", "payment_score", "overdue_amount", "days_beyond_terms"):
                self.assertTrue(row[name] or name == "days_beyond_terms")
                self.assertEqual(partner[name], row[name], name)
            self.assertFalse(partner.with_company(other).health_id)
            self.assertEqual(partner.with_company(other).overdue_amount, 0.0)
        found = self.env["res.partner"].search([("overdue_amount", ">", 999.0)])
        self.assertLessEqual(self.partner | contact, found)
        self.assertNotIn(self._create_customer("Nobody"), found)

    def test_20_contact_that_moves_to_another_company(self):
        """Its invoices stay with the company that they were made to."""
        other = self._create_customer("Other Customer")
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.partner.id})
        self._invoice(partner_id=contact.id)
        contact.parent_id = other
        self._invoice(500.0, partner_id=contact.id)
        self.assertRow(**OVERDUE, invoice_count=1, revenue_12m=1000.0)
        amounts = dict.fromkeys(("open_amount", "overdue_amount", "overdue_31_60"), 500.0)
        self.assertRow(other, **amounts, invoice_count=1, revenue_12m=500.0)

    def test_20_customer_that_becomes_a_contact(self):
        """Its own invoices become those of the company that it belongs to now."""
        buyer = self._create_customer("Buyer", is_company=False)
        self._invoice(partner_id=buyer.id)
        self._pay(self._invoice(300.0, partner_id=buyer.id), date="2024-02-09")
        self._invoice(500.0, invoice_date_due="2024-04-09")
        self.assertRow(buyer, **OVERDUE, paid_amount=300.0)
        buyer.parent_id = self.partner
        self.assertEqual(buyer.commercial_partner_id, self.partner)
        self.assertRow(
            **{**OVERDUE, "open_amount": 1500.0, "not_due_amount": 500.0},
            paid_amount=300.0,
            invoice_count=3,
            revenue_12m=1800.0,
        )
        self.assertNotIn(buyer, self._get_rows())
        # Accounting keeps what it wrote into the journal items then.
        buyer.parent_id = False
        self._invoice(70.0, partner_id=buyer.id, invoice_date_due="2024-04-09")
        self.assertRow(buyer, open_amount=70.0, not_due_amount=70.0, invoice_count=1)
        self.assertEqual(self._get_rows()[self.partner].invoice_count, 3)

    def test_20_entry_on_a_contact(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.partner.id})
        self._opening(1000.0, "2024-01-01", due="2024-02-09", partner=contact)
        self.assertRow(**OVERDUE, payment_score=0.0)

    def test_21_health_is_the_payers(self):
        """The deal's customer is somebody else than who gets the invoice and pays it."""
        payer = self._create_customer("Leasing House")
        deal = self._create_deal()
        self.assertEqual(deal.partner_id, self.partner)
        self._create_deal_invoice(
            [(1000.0, deal)], partner_id=payer.id, invoice_date_due="2024-02-09"
        )
        self.assertRow(payer, **OVERDUE)
        self.assertNotIn(self.partner, self._get_rows())

    def test_22_companies_and_branches(self):
        """The same customer in a company, its branch and another company."""
        self.company.write({"child_ids": [Command.create({"name": "Branch"})]})
        self.env.cr.precommit.run()  # Odoo loads the branch's chart of accounts
        branch = self.company.child_ids
        other = self.setup_other_company(name="Other")["company"]
        self.env.user.company_ids |= branch | other
        for number, company in enumerate(self.company | branch | other, start=1):
            move = (
                self.env["account.move"]
                .with_company(company)
                .create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.partner.id,
                        "invoice_date": "2024-01-10",
                        "date": "2024-01-10",
                        "invoice_payment_term_id": False,
                        "invoice_date_due": "2024-02-09",
                        "invoice_line_ids": [
                            Command.create(
                                {"name": "x", "price_unit": 100.0 * number, "tax_ids": []}
                            )
                        ],
                    }
                )
            )
            move.action_post()
        for number, company in enumerate(self.company | branch | other, start=1):
            self._flush()
            amounts = dict.fromkeys(
                ("open_amount", "overdue_amount", "overdue_31_60"), 100.0 * number
            )
            self.assertRow(company=company, **amounts, invoice_count=1)

    def test_22_all_companies_at_once(self):
        """As the nightly action does, one statement for all."""
        self.test_22_companies_and_branches()
        companies = self.env["res.company"].sudo().search([])
        for number, partners in enumerate((None, self.partner)):
            with self.subTest(partners=partners):
                self._invoice(10.0 + number, invoice_date_due="2024-05-01")
                self._refresh(companies, partners)
                for company in companies:
                    self.assertAllRows(company, norm=self._get_norm(company))

    def test_29_the_same_for_whoever_causes_it(self):
        """A salesperson who sees none of the invoices."""
        user = self._create_user("health_salesman", "sales_team.group_sale_salesman")
        self._invoice(invoice_user_id=self.env.user.id)
        self.assertFalse(
            self.env["account.move"]
            .with_user(user)
            .search([("move_type", "=", "out_invoice")])
            .filtered("invoice_user_id")
        )
        self._flush()
        self.env["crm.customer.health"].with_user(user).sudo()._refresh(self.company)
        self._flush()
        self.assertAllRows()
        self.assertEqual(self._get_rows()[self.partner].overdue_amount, 1000.0)

    def test_30_today_is_the_companys(self):
        """Due today in New York is a day overdue in Auckland at the same moment."""
        self._invoice(invoice_date_due="2024-02-09")
        with freeze_time("2024-02-09 23:30:00"):
            self.company.partner_id.tz = "America/New_York"
            row = self.assertRow(open_amount=1000.0, not_due_amount=1000.0, days_overdue=0)
            self.assertEqual(row.as_of_date, self._date("2024-02-09"))
            self.company.partner_id.tz = "Pacific/Auckland"
            row = self.assertRow(
                open_amount=1000.0,
                overdue_amount=1000.0,
                overdue_1_30=1000.0,
                overdue_count=1,
                days_overdue=1,
            )
            self.assertEqual(row.as_of_date, self._date("2024-02-10"))

    def test_31_merged_customers(self):
        """Figures follow; nothing is orphaned and nothing doubled."""
        other = self._create_customer("Prompt and Sons")
        self._invoice()
        self._pay(self._invoice(300.0, partner_id=other.id), date="2024-02-09")
        self._invoice(500.0, partner_id=other.id, invoice_date_due="2024-04-09")
        self._refresh()
        self.assertAllRows()
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | other).ids, self.partner
        )
        self._flush()
        self.assertEqual(
            self.env["crm.customer.health"].sudo().search_count([("partner_id", "=", other.id)]), 0
        )
        self.assertRow(
            **{**OVERDUE, "open_amount": 1500.0, "not_due_amount": 500.0},
            paid_amount=300.0,
            invoice_count=3,
            # (1000 * 48.3333 + 300 * 80) / 1300
            payment_score=55.64,
        )

    def test_31_merged_into_who_had_nothing(self):
        other = self._create_customer("Prompt and Sons")
        self._invoice()
        self._refresh()
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | other).ids, other
        )
        self._flush()
        self.assertRow(other, **OVERDUE, invoice_count=1)

    def test_32_archived_customer_still_owes(self):
        self._invoice()
        self.partner.active = False
        self.assertRow(**OVERDUE)

    def test_32_deactivated_currency_is_still_owed(self):
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])
        self._invoice(2000.0, currency_id=foreign.id)
        foreign.active = False
        self.assertRow(**OVERDUE, revenue_12m=1000.0)

    def test_32_deleted_draft(self):
        self._invoice()
        self._invoice(700.0, post=False).unlink()
        self.assertRow(**OVERDUE, invoice_count=1)

    def test_no_invoice_no_row(self):
        self._create_deal()
        self.assertNoRow()
