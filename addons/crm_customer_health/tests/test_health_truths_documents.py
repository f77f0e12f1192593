from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import HealthCommon

OVERDUE = {
    "open_amount": 1000.0,
    "overdue_amount": 1000.0,
    "overdue_31_60": 1000.0,
    "overdue_count": 1,
    "oldest_due_date": "2024-02-09",
    "days_overdue": 35,
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthTruthsDocuments(HealthCommon):
    """Which documents, entries and accounts count, and as what."""

    def test_03_full_credit_note_is_no_payment(self):
        invoice = self._invoice()
        self.assertRow(**OVERDUE, payment_score=48.33, payment_risk="high")
        invoice._reverse_moves([{"invoice_date": "2024-03-01", "date": "2024-03-01"}], cancel=True)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertRow(
            paid_amount=0.0,
            payment_count=0,
            days_to_pay=0.0,
            payment_score=0.0,
            payment_risk="unknown",
            health_score=0.0,
            health_status="unknown",
            invoice_count=1,
            revenue_12m=0.0,
            average_invoice_amount=1000.0,
        )

    def test_04_part_credited_part_paid(self):
        invoice = self._invoice()
        refund = self._invoice(
            250.0, move_type="out_refund", date="2024-01-30", invoice_date_due="2024-01-30"
        )
        self._settle(invoice, refund)
        self._pay(invoice, date="2024-02-19")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertRow(
            paid_amount=750.0,
            payment_count=1,
            days_to_pay=40.0,
            days_beyond_terms=10.0,
            on_time_rate=0.0,
            payment_score=73.33,
            revenue_12m=750.0,
            invoice_count=1,
            first_invoice_date="2024-01-10",
            last_invoice_date="2024-01-10",
        )

    def test_04_open_credit_note_is_an_unapplied_credit(self):
        self._invoice()
        self._invoice(
            250.0, move_type="out_refund", date="2024-01-30", invoice_date_due="2024-01-30"
        )
        self.assertRow(**OVERDUE, unapplied_credit_amount=250.0, revenue_12m=750.0)

    def test_09_cash_basis_tax(self):
        """Its entries settle nothing of a receivable and are no revenue."""
        self.company.tax_exigibility = True
        transition = self.env["account.account"].create(
            {
                "name": "Tax to come",
                "code": "TAXCOME",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        tax = self.env["account.tax"].create(
            {
                "name": "On payment",
                "amount": 20.0,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": transition.id,
            }
        )
        invoice = self._invoice(taxes=tax)
        self._pay(invoice, 600.0, date="2024-02-09")
        self.assertTrue(invoice.tax_cash_basis_created_move_ids)
        self.assertRow(
            open_amount=600.0,
            overdue_amount=600.0,
            overdue_31_60=600.0,
            overdue_count=1,
            paid_amount=600.0,
            payment_count=1,
            # (600 * 80 + 600 * 48.3333) / 1200
            payment_score=64.17,
            revenue_12m=1000.0,
            average_invoice_amount=1000.0,
        )

    def test_13_cancelled_after_payment(self):
        """The payment stays as an unapplied credit, the invoice is no revenue."""
        invoice = self._invoice()
        self._pay(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        self.assertRow(
            unapplied_credit_amount=1000.0,
            paid_amount=0.0,
            payment_count=0,
            health_status="unknown",
            invoice_count=0,
            revenue_12m=0.0,
            first_invoice_date=False,
        )

    def test_14_opening_balance_ages_and_does_not_score(self):
        """By its date without a due date; the partner is on the journal item only."""
        entry = self._opening(500.0, "2024-01-01")
        entry.line_ids.date_maturity = False
        self.assertFalse(entry.partner_id)
        expected = {
            "open_amount": 500.0,
            "overdue_amount": 500.0,
            "overdue_61_90": 500.0,
            "overdue_count": 1,
            "oldest_due_date": "2024-01-01",
            "days_overdue": 74,
            "payment_score": 0.0,
            "payment_risk": "unknown",
            "health_status": "unknown",
            "invoice_count": 0,
            "dso_countback": 0.0,
        }
        self.assertRow(**expected)
        self._opening(70.0, "2024-01-01", due="2024-04-01")
        self.assertRow(**{**expected, "open_amount": 570.0, "not_due_amount": 70.0})

    def test_14_opening_balance_beside_an_invoice(self):
        """It is in the exposure, and in nothing that is said of behaviour."""
        self._pay(self._invoice(), date="2024-02-09")
        entry = self._opening(500.0, "2023-11-01")
        self.assertRow(
            open_amount=500.0,
            overdue_amount=500.0,
            overdue_over_90=500.0,
            overdue_count=1,
            oldest_due_date="2023-11-01",
            payment_score=80.0,
            payment_count=1,
        )
        money = self._create_entry(
            (self.bank_account, None, 500.0), (self.receivable, self.partner, -500.0)
        )
        self._settle(entry, money)
        self.assertRow(payment_score=80.0, payment_count=1, paid_amount=1000.0)

    def test_14_settled_opening_balance_is_over(self):
        """Nothing is open and nothing was ever sold: there is nothing to say."""
        entry = self._opening(500.0, "2024-01-01")
        money = self._create_entry(
            (self.bank_account, None, 500.0), (self.receivable, self.partner, -500.0)
        )
        self.assertRow(
            open_amount=500.0,
            overdue_amount=500.0,
            overdue_61_90=500.0,
            unapplied_credit_amount=500.0,
        )
        self._settle(entry, money)
        self.assertNoRow()

    def test_15_accounts_that_are_no_trade_receivables(self):
        account = self.receivable.copy({"name": "Tax owed to us"})
        self._opening(500.0, "2024-03-01")
        entry = self._create_entry(
            (account, self.partner, 300.0), (self.income, None, -300.0), date="2024-03-01"
        )
        expected = {"overdue_count": 1, "days_overdue": 14}
        amounts = ("open_amount", "overdue_amount", "overdue_1_30")
        self.assertRow(**{**dict.fromkeys(amounts, 800.0), "overdue_count": 2, "days_overdue": 14})
        account.non_trade = True
        self.assertRow(**{**dict.fromkeys(amounts, 500.0), **expected})
        account.non_trade = False
        entry.button_draft()
        self.assertRow(**{**dict.fromkeys(amounts, 500.0), **expected})

    def test_15_an_item_without_partner_is_nobodys(self):
        self._create_entry((self.receivable, None, 300.0), (self.income, None, -300.0))
        self.assertNoRow()

    def test_15_an_invoice_on_another_account_is_sold_but_not_owed(self):
        account = self.receivable.copy({"name": "Tax owed to us", "non_trade": True})
        self.partner.property_account_receivable_id = account
        invoice = self._invoice()
        expected = {"invoice_count": 1, "revenue_12m": 1000.0, "dso_countback": 0.0}
        self.assertRow(**expected, health_status="unknown")
        self._pay(invoice)
        self.assertRow(**expected, paid_amount=0.0, payment_count=0, health_status="unknown")

    def test_15_vendor_bills_are_no_sales(self):
        self._invoice(move_type="in_invoice")
        self.assertNoRow()

    def test_16_receipts_are_sales(self):
        self._invoice(move_type="out_receipt")
        self.assertRow(
            **OVERDUE,
            invoice_count=1,
            revenue_12m=1000.0,
            last_invoice_date="2024-01-10",
            payment_score=48.33,
        )
        receipt = self._invoice(500.0, move_type="out_receipt", date="2024-01-20")
        self._pay(receipt, date="2024-02-09")
        self.assertRow(
            **OVERDUE, invoice_count=2, revenue_12m=1500.0, paid_amount=500.0, days_to_pay=20.0
        )

    def test_19_zero_invoice(self):
        """An invoice like others, but nothing was paid."""
        invoice = self._invoice(0.0)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertRow(
            invoice_count=1,
            last_invoice_date="2024-01-10",
            payment_count=0,
            payment_score=0.0,
            health_status="unknown",
            dso_countback=0.0,
        )
        self._pay(self._invoice(300.0), date="2024-02-09")
        self.assertRow(
            invoice_count=2, average_invoice_amount=150.0, payment_count=1, payment_score=80.0
        )

    def test_24_disputed(self):
        """Owed, but apart: neither overdue nor in the score."""
        invoice = self._invoice()
        self._invoice(200.0, invoice_date_due="2024-04-01")
        self._pay(invoice, 400.0, date="2024-02-09")
        invoice.action_toggle_block_payment()
        self.assertEqual(invoice.payment_state, "blocked")
        self.assertRow(
            open_amount=800.0,
            not_due_amount=200.0,
            disputed_amount=600.0,
            overdue_count=0,
            oldest_due_date=False,
            days_overdue=0,
            paid_amount=400.0,
            payment_count=1,
            payment_score=80.0,
        )
        invoice.action_toggle_block_payment()
        self.assertRow(
            open_amount=800.0,
            not_due_amount=200.0,
            overdue_amount=600.0,
            overdue_31_60=600.0,
            overdue_count=1,
            # (400 * 80 + 600 * 48.3333) / 1000
            payment_score=61.0,
        )

    def test_25_invoice_of_several_deals_counts_once(self):
        deals = [self._create_deal("A"), self._create_deal("B")]
        self._create_deal_invoice(
            [(600.0, deals[0]), (400.0, deals[1])], invoice_date_due="2024-02-09"
        )
        self.assertRow(**OVERDUE, invoice_count=1, revenue_12m=1000.0)

    def test_26_down_payments_are_net(self):
        self._pay(self._invoice(300.0), date="2024-02-09")
        self._create_deal_invoice(
            [(1000.0, None), (-300.0, None)], date="2024-02-20", invoice_date_due="2024-03-21"
        )
        self.assertRow(
            open_amount=700.0,
            not_due_amount=700.0,
            invoice_count=2,
            revenue_12m=1000.0,
            average_invoice_amount=500.0,
            paid_amount=300.0,
        )

    def test_27_due_before_the_invoice(self):
        """The invoice date counts then; a due date after it is taken as it is stored."""
        invoice = self._invoice(invoice_date_due="2023-12-01")
        self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_61_90=1000.0,
            oldest_due_date="2024-01-10",
            days_overdue=65,
        )
        self._pay(invoice, date="2024-01-20")
        self.assertRow(days_beyond_terms=10.0, payment_score=73.33)

    def test_27_back_dated_without_a_payment_term(self):
        """Odoo makes it due on the day on which it is created."""
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2024-01-10",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 1000.0, "tax_ids": []})
                ],
            }
        )
        invoice.action_post()
        self.assertEqual(invoice.invoice_date_due, self._date("2024-03-15"))
        self.assertRow(open_amount=1000.0, not_due_amount=1000.0)

    def test_33_revaluation_is_no_debt(self):
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 2.0)])
        self._invoice(1000.0, currency_id=currency.id, invoice_date_due="2024-12-31")
        for amount in (200.0, -50.0):
            entry = self._create_entry(
                (self.receivable, self.partner, amount), (self.income, None, -amount), post=False
            )
            entry.line_ids.filtered("partner_id").with_context(check_move_validity=False).write(
                {"currency_id": currency.id, "amount_currency": 0.0, "balance": amount}
            )
            entry.action_post()
        self.assertRow(open_amount=500.0, not_due_amount=500.0)

    def test_34_negative_instalment_is_no_credit(self):
        """100 at once and the rest later, of an invoice of 60: no more is overdue than 60."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "100 now",
                "line_ids": [
                    Command.create({"value": "fixed", "value_amount": 100, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30}),
                ],
            }
        )
        invoice = self._invoice(
            60.0, invoice_payment_term_id=terms.id, date="2024-01-10", invoice_date_due=False
        )
        self.assertEqual(
            invoice.line_ids.filtered("date_maturity").sorted("date_maturity").mapped("balance"),
            [100.0, -40.0],
            "as Odoo keeps it",
        )
        self.assertRow(
            open_amount=60.0, overdue_amount=60.0, overdue_61_90=60.0, oldest_due_date="2024-01-10"
        )

    def test_due_today_is_not_overdue(self):
        self._invoice(invoice_date_due="2024-03-15")
        self._invoice(100.0, invoice_date_due="2024-03-14")
        self.assertRow(
            open_amount=1100.0,
            not_due_amount=1000.0,
            overdue_amount=100.0,
            overdue_1_30=100.0,
            overdue_count=1,
            oldest_due_date="2024-03-14",
            days_overdue=1,
        )

    def test_borders_of_the_ageing(self):
        for amount, due in (
            (1.0, "2024-03-14"),  # 1 day
            (2.0, "2024-02-14"),  # 30 days
            (4.0, "2024-02-13"),  # 31
            (8.0, "2024-01-15"),  # 60
            (16.0, "2024-01-14"),  # 61
            (32.0, "2023-12-16"),  # 90
            (64.0, "2023-12-15"),  # 91
        ):
            self._invoice(amount, date="2023-12-01", invoice_date_due=due)
        self.assertRow(
            open_amount=127.0,
            overdue_amount=127.0,
            overdue_1_30=3.0,
            overdue_31_60=12.0,
            overdue_61_90=48.0,
            overdue_over_90=64.0,
            overdue_count=7,
            days_overdue=91,
        )

    def test_borders_of_the_window(self):
        """Settled on 2023-03-15, twelve months ago to the day, is over; a day later it is not."""
        old = {"date": "2023-01-01", "invoice_date_due": "2023-03-15"}
        self._pay(self._invoice(100.0, **old), date="2023-03-15")
        self._pay(self._invoice(200.0, **old), date="2023-03-16")
        self._pay(self._invoice(400.0, date="2024-03-15"), date="2024-03-15")
        self._pay(self._invoice(800.0, date="2024-03-15"), date="2024-03-16")
        self.assertRow(paid_amount=600.0, payment_count=2, invoice_count=4)

    def test_borders_of_revenue(self):
        """A year ends today and begins on the day after today a year ago."""
        for amount, day in (
            (1.0, "2024-03-15"),
            (2.0, "2023-03-16"),
            (4.0, "2023-03-15"),
            (8.0, "2022-03-16"),
            (16.0, "2022-03-15"),
        ):
            self._invoice(amount, date=day, invoice_date_due="2024-12-31")
        self.assertRow(
            open_amount=31.0,
            not_due_amount=31.0,
            revenue_12m=3.0,
            revenue_prev_12m=12.0,
            invoice_count=5,
            first_invoice_date="2022-03-15",
            last_invoice_date="2024-03-15",
        )

    def test_a_document_in_draft_or_deleted_is_nothing(self):
        invoice = self._invoice(post=False)
        self.assertNoRow()
        invoice.action_post()
        self.assertRow(**OVERDUE)
        invoice.button_draft()
        self.assertNoRow()
        invoice.unlink()
        self.assertNoRow()

    def test_instalments_of_a_term_with_tax(self):
        """Amounts are with taxes in what is owed, without them in what was sold."""
        tax = self.env["account.tax"].create({"name": "15 %", "amount": 15.0})
        terms = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 30}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 90}),
                ],
            }
        )
        self._invoice(taxes=tax, invoice_payment_term_id=terms.id)
        self.assertRow(
            open_amount=1150.0,
            not_due_amount=575.0,
            overdue_amount=575.0,
            overdue_31_60=575.0,
            overdue_count=1,
            revenue_12m=1000.0,
            # March of 15 days without sales, February's 29, then the whole of January.
            dso_countback=75.0,
        )
