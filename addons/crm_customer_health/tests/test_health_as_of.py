from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from ..plain_health import PlainHealth
from .common import FIGURES, HealthCommon

#: What compares a customer with the others: one customer is compared with the norm of today.
COMPARED = {
    "rfm_recency",
    "rfm_frequency",
    "rfm_monetary",
    "rfm_segment",
    "health_score",
    "health_status",
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthAsOf(HealthCommon):
    """A past day is replayed from what was booked up to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Other Customer")

    def _get_figures(self, as_of=None, partners=None, company=None):
        """Figures of the company by partner, without writing."""
        self._flush()
        company = company or self.company
        as_of = as_of and self._date(as_of)
        figures = self.env["crm.customer.health"].sudo()._get_figures(company, partners, as_of)
        self.assertEqual({company_id for company_id, _partner in figures} - {company.id}, set())
        return {
            self.env["res.partner"].browse(partner_id): row
            for (_company, partner_id), row in figures.items()
        }

    def assertReplay(self, day, partner=None, **expected):
        """Figures of a past day are these numbers, and all are what the books say plainly."""
        partner = partner or self.partner
        figures = self._get_figures(day)
        plain = PlainHealth(self.env, self.company, self._date(day), self._get_settings())
        self.assertEqual(set(figures), set(plain.customers()), f"customers of {day}")
        for customer, row in figures.items():
            self.assertSame(row, plain.figures(customer), f"{customer.name} on {day}")
        alone = self._get_figures(day, partner)
        if expected:
            self.assertEqual(set(alone), {partner})
            for name, value in expected.items():
                number = self._date(value) if name.endswith("_date") else value
                self.assertFigure(name, figures[partner][name], number, f"on {day}")
                if name not in COMPARED:
                    self.assertFigure(name, alone[partner][name], number, f"alone, on {day}")
        else:
            self.assertEqual(alone, {})
            self.assertNotIn(partner, figures)

    def test_part_payments(self):
        invoice = self._invoice()
        self._pay(invoice, 300.0, date="2024-01-20")
        self._pay(invoice, 300.0, date="2024-02-19")
        self.assertReplay("2024-01-09")
        self.assertReplay(
            "2024-01-19",
            open_amount=1000.0,
            not_due_amount=1000.0,
            paid_amount=0.0,
            payment_count=0,
            health_status="unknown",
            invoice_count=1,
        )
        self.assertReplay("2024-01-20", open_amount=700.0, paid_amount=300.0, payment_score=90.0)
        self.assertReplay(
            "2024-02-10",
            open_amount=700.0,
            overdue_amount=700.0,
            overdue_1_30=700.0,
            days_overdue=1,
            oldest_due_date="2024-02-09",
            paid_amount=300.0,
            # (300 * 90 + 700 * 79.3333) / 1000
            payment_score=82.53,
        )
        self.assertReplay(
            "2024-02-19",
            open_amount=400.0,
            overdue_1_30=400.0,
            days_overdue=10,
            paid_amount=600.0,
            # (300 * 90 + 300 * 73.3333 + 400 * 73.3333) / 1000
            payment_score=78.33,
        )
        self.assertReplay("2024-03-14", overdue_31_60=400.0, paid_amount=600.0)

    def test_prepayment_is_open_until_its_invoice(self):
        money = self._create_entry(
            (self.bank_account, None, 1000.0),
            (self.receivable, self.partner, -1000.0),
            date="2023-12-20",
        )
        invoice = self._invoice()
        self._settle(invoice, money)
        self.assertReplay("2023-12-19")
        self.assertReplay(
            "2024-01-09", unapplied_credit_amount=1000.0, open_amount=0.0, invoice_count=0
        )
        self.assertReplay(
            "2024-01-10", unapplied_credit_amount=0.0, open_amount=0.0, days_to_pay=0.0
        )

    def test_credit_note(self):
        invoice = self._invoice()
        invoice._reverse_moves([{"invoice_date": "2024-02-20", "date": "2024-02-20"}], cancel=True)
        self.assertReplay("2024-02-19", overdue_amount=1000.0, revenue_12m=1000.0)
        self.assertReplay("2024-02-20", open_amount=0.0, revenue_12m=0.0, health_status="unknown")

    def test_payment_without_entry(self):
        invoice = self._invoice()
        self._pay_without_entry(invoice, 400.0, date="2024-02-20")
        self.assertReplay("2024-02-19", overdue_amount=1000.0, paid_amount=0.0)
        self.assertReplay("2024-02-20", overdue_amount=600.0, paid_amount=400.0)

    def test_exchange_difference_is_known_with_its_payment(self):
        """Though its entry is dated later, for the books of January are closed."""
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0), ("2024-01-20", 2.5)])
        invoice = self._invoice(currency_id=foreign.id)
        other = self._invoice(
            currency_id=foreign.id, partner_id=self.other.id, invoice_date_due="2024-04-09"
        )
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner.id,
                "amount": 1000.0,
                "currency_id": foreign.id,
                "date": "2024-01-20",
            }
        )
        payment.action_post()
        self.company.fiscalyear_lock_date = "2024-01-31"
        self._settle(invoice, payment.move_id)
        self.assertEqual(invoice.amount_residual, 0.0)
        partials = invoice.line_ids.matched_credit_ids
        exchange = partials.exchange_move_id
        self.assertGreater(exchange.date, self._date("2024-01-31"))
        self.assertReplay(
            "2024-01-19", open_amount=500.0, unapplied_credit_amount=0.0, paid_amount=0.0
        )
        for day in ("2024-01-20", "2024-01-31", "2024-03-14"):
            # At the rate of the invoice: what the rate lost is the company's.
            self.assertReplay(day, open_amount=0.0, unapplied_credit_amount=0.0, paid_amount=500.0)
        self.assertEqual(other.amount_residual, 1000.0)

    def test_opening_balance(self):
        entry = self._opening(500.0, "2024-01-01")
        money = self._create_entry(
            (self.bank_account, None, 500.0),
            (self.receivable, self.partner, -500.0),
            date="2024-02-20",
        )
        self._settle(entry, money)
        self.assertReplay("2024-02-19", overdue_amount=500.0, health_status="unknown")
        self.assertReplay("2024-02-20")

    def test_dated_ahead(self):
        """Today the ledger's residual counts, whatever its date; a replay ends with its day."""
        invoice = self._invoice()
        self._pay(invoice, date="2024-04-01")
        self._invoice(70.0, date="2024-04-02", invoice_date_due="2024-04-02")
        self.assertRow(open_amount=70.0, not_due_amount=70.0, paid_amount=0.0)
        self.assertReplay(
            "2024-03-15",
            open_amount=1000.0,
            overdue_amount=1000.0,
            invoice_count=1,
            paid_amount=0.0,
        )

    def test_days_of_a_story(self):
        """What was computed on a day is what is computed of that day later."""
        kept = {}
        for day, act in self._tell_story():
            with freeze_time(f"{day} 12:00:00"):
                act()
                self._refresh()
                self.assertAllRows()
                kept[day] = {
                    partner: {name: row[name] for name in FIGURES}
                    for partner, row in self._get_rows().items()
                }
        self.assertGreater(len(kept), 8)
        for day, rows in kept.items():
            with self.subTest(day=day):
                self.assertReplay(day, next(iter(rows)), **next(iter(rows.values())))
                self.assertStory(self._get_figures(day), rows)
                for partner, row in rows.items():
                    alone = self._get_figures(day, partner)
                    self.assertStory(alone, {partner: row}, without=COMPARED)
                self.assertStory(
                    self._get_figures(day, self.env["res.partner"].union(*rows)),
                    rows,
                    without=COMPARED,
                )

    def assertStory(self, figures, rows, without=()):
        self.assertEqual(set(figures), set(rows))
        for partner, row in rows.items():
            for name in row.keys() - set(without):
                value = figures[partner][name]
                text = f"{name} of {partner.name}: {value!r}, kept {row[name]!r}"
                if isinstance(row[name], float):
                    self.assertAlmostEqual(float(value or 0), row[name], 2, text)
                else:
                    self.assertEqual(value or False, row[name] or False, text)

    def _tell_story(self):
        """Half a year of two customers; every entry is of its day."""
        self.foreign = self.setup_other_currency(
            "EUR", rates=[("2023-01-01", 2.0), ("2023-11-01", 2.5), ("2024-01-15", 1.6)]
        )
        self.terms = self.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 45}),
                ],
            }
        )
        self.early = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        self.books = {}
        return (
            ("2023-09-05", self._act_first_invoices),
            ("2023-10-10", self._act_part_payment),
            ("2023-10-31", lambda: None),
            ("2023-11-15", self._act_foreign_payment),
            ("2023-12-01", self._act_overpayment),
            ("2023-12-08", self._act_discount),
            ("2024-01-20", self._act_write_off),
            ("2024-01-31", self._act_credit_note),
            ("2024-02-29", self._act_bad_debt),
            ("2024-03-10", self._act_receipt),
            ("2024-03-15", lambda: None),
        )

    def _book(self, name, amount, date, due, **values):
        self.books[name] = self._invoice(amount, date=date, invoice_date_due=due, **values)

    def _act_first_invoices(self):
        self._opening(250.0, "2023-09-01", due="2023-09-20", partner=self.other)
        self._book("first", 1000.0, "2023-09-05", "2023-10-05")
        self._book("terms", 500.0, "2023-09-05", False, invoice_payment_term_id=self.terms.id)

    def _act_part_payment(self):
        self._pay(self.books["first"], 600.0, date="2023-10-10")
        self._book("foreign", 800.0, "2023-10-10", "2023-11-10", currency_id=self.foreign.id)
        self._book("other", 90.0, "2023-10-10", "2023-10-20", partner_id=self.other.id)

    def _act_foreign_payment(self):
        self._pay(self.books["foreign"], 500.0, date="2023-11-15")
        self._pay(self.books["terms"], 200.0, date="2023-11-15", installments_mode="full")

    def _act_overpayment(self):
        self._book("early", 300.0, "2023-12-01", False, invoice_payment_term_id=self.early.id)
        self._pay(self.books["other"], 120.0, date="2023-12-01")

    def _act_discount(self):
        self._pay(self.books["early"], date="2023-12-08")

    def _act_write_off(self):
        self._pay(
            self.books["first"],
            390.0,
            date="2024-01-20",
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self._pay(self.books["foreign"], date="2024-01-20")

    def _act_credit_note(self):
        self._book("refund", 150.0, "2024-01-31", "2024-01-31", move_type="out_refund")
        self._settle(self.books["terms"], self.books["refund"])

    def _act_bad_debt(self):
        self._book("late", 75.0, "2024-02-29", "2024-02-29", partner_id=self.other.id)
        loss = self._create_entry(
            (self.expense, None, 75.0), (self.receivable, self.other, -75.0), date="2024-02-29"
        )
        self._settle(self.books["late"], loss)

    def _act_receipt(self):
        self._book("receipt", 40.0, "2024-03-10", "2024-03-10", move_type="out_receipt")
        self._pay(self.books["receipt"], date="2024-03-10")

    def test_live_figures_of_an_opened_row(self):
        """They follow the books before the row does, and leave it as it is."""
        self._invoice()
        self._refresh()
        row = self._get_rows()[self.partner]
        self._pay(self._invoice(200.0), date="2024-02-09")
        self._flush()
        live = row._get_live()[row.id]
        plain = PlainHealth(
            self.env, self.company, settings=self._get_settings(), norm=self._get_norm()
        )
        self.assertSame(live, plain.figures(self.partner))
        self.assertEqual(float(live["paid_amount"]), 200.0)
        self.assertEqual(self._get_rows()[self.partner].paid_amount, 0.0)

    def test_one_by_one_is_like_all(self):
        """Also for a contact's invoices and for who comes from another customer."""
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.other.id})
        self._invoice(partner_id=contact.id)
        self._opening(30.0, "2024-03-01", partner=contact)
        self._pay(self._invoice(200.0), date="2024-02-19")
        moved = self._create_customer("Moved", is_company=False)
        self._invoice(20.0, partner_id=moved.id)
        moved.parent_id = self.other
        for as_of in (None, "2024-03-14", "2024-02-09"):
            self._refresh()
            plain = PlainHealth(
                self.env,
                self.company,
                as_of and self._date(as_of),
                self._get_settings(),
                self._get_norm(),
            )
            everybody = self._get_figures(as_of)
            self.assertEqual(set(everybody), {self.partner, self.other})
            for partner in everybody:
                alone = self._get_figures(as_of, partner)
                self.assertEqual(set(alone), {partner})
                self.assertSame(alone[partner], plain.figures(partner), f"{as_of}")
                for name in set(FIGURES) - COMPARED:
                    self.assertEqual(alone[partner][name], everybody[partner][name], name)
