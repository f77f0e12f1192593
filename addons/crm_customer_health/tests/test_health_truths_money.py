from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestHealthTruthsMoney(HealthCommon):
    """What counts as money of a customer, and how late it was.

    The numbers are those of the table of accounting truths. Invoices are of 2024-01-10 and due on
    2024-02-09, 35 days before today, where the payment score's curve is at 48.3333.
    """

    def test_01_partial_payments(self):
        """Two of three parts are paid, each with its own lateness; the third is overdue."""
        invoice = self._invoice()
        self._pay(invoice, 300.0, date="2024-01-20")
        self._pay(invoice, 300.0, date="2024-02-19")
        self.assertRow(
            open_amount=400.0,
            overdue_amount=400.0,
            overdue_31_60=400.0,
            overdue_count=1,
            oldest_due_date="2024-02-09",
            days_overdue=35,
            paid_amount=600.0,
            payment_count=2,
            days_to_pay=25.0,
            median_days_to_pay=25.0,
            days_beyond_terms=-5.0,
            days_beyond_terms_late=5.0,
            median_days_beyond_terms=-5.0,
            on_time_rate=0.5,
            # (300 * 90 + 300 * 73.3333 + 400 * 48.3333) / 1000
            payment_score=68.33,
            payment_risk="medium",
            # Exposure 60 (400 overdue against 600 paid), purchase 50 (newest, but no more often
            # than others), no trend: (40 * 68.3333 + 20 * 60 + 20 * 50) / 80
            health_score=61.67,
            health_status="watch",
        )

    def test_01_weights_and_not_the_last_payment(self):
        """990 in time and 10 very late are hardly late, whatever the last payment's date."""
        invoice = self._invoice()
        self._pay(invoice, 990.0, date="2024-02-09")
        self._pay(invoice, date="2024-03-10")
        row = self.assertRow(
            days_beyond_terms=0.3,
            median_days_beyond_terms=15.0,
            on_time_rate=0.99,
            # (990 * 80 + 10 * 50) / 1000
            payment_score=79.7,
            payment_risk="medium",
            payment_count=2,
            paid_amount=1000.0,
        )
        self.assertTrue(row.computed_at)

    def test_01_one_payment_for_several_invoices(self):
        """The full reconciliation is shared, the days are not."""
        invoices = self._invoice(600.0) | self._invoice(400.0, invoice_date_due="2024-01-20")
        self._pay(invoices, date="2024-01-30", group_payment=True)
        self.assertRow(
            paid_amount=1000.0,
            payment_count=2,
            days_to_pay=20.0,
            # (600 * -10 + 400 * 10) / 1000
            days_beyond_terms=-2.0,
            on_time_rate=0.6,
            # (600 * 85 + 400 * 73.3333) / 1000
            payment_score=80.33,
            payment_risk="low",
        )

    def test_02_instalments(self):
        """30 % after 10 days, 70 % after 45: each has its own due date."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 45}),
                ],
            }
        )
        invoice = self._invoice(invoice_payment_term_id=terms.id)
        self.assertEqual(invoice.invoice_date_due, self._date("2024-02-24"))
        with freeze_time("2024-02-01 12:00:00"):
            self.assertRow(
                open_amount=1000.0,
                not_due_amount=700.0,
                overdue_amount=300.0,
                overdue_1_30=300.0,
                overdue_count=1,
                oldest_due_date="2024-01-20",
                days_overdue=12,
            )
        self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_1_30=700.0,
            overdue_31_60=300.0,
            overdue_count=2,
            oldest_due_date="2024-01-20",
            days_overdue=55,
        )
        self._pay(invoice, 400.0, date="2024-01-30", installments_mode="full")
        self.assertRow(
            open_amount=600.0,
            overdue_amount=600.0,
            overdue_1_30=600.0,
            overdue_count=1,
            oldest_due_date="2024-02-24",
            days_overdue=20,
            payment_count=2,
            paid_amount=400.0,
            days_to_pay=20.0,
            # (300 * 10 + 100 * -25) / 400
            days_beyond_terms=1.25,
            on_time_rate=0.25,
            # (300 * 73.3333 + 100 * 95 + 600 * p(20) = 62.8571) / 1000
            payment_score=69.21,
        )

    def test_05_bad_debt_is_a_loss(self):
        """Never "paid in N days"; the worst score there is."""
        invoice = self._invoice()
        entry = self._create_entry(
            (self.expense, None, 1000.0), (self.receivable, self.partner, -1000.0)
        )
        self._settle(invoice, entry)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertRow(
            written_off_amount=1000.0,
            paid_amount=0.0,
            payment_count=0,
            days_to_pay=0.0,
            on_time_rate=0.0,
            payment_score=1.0,
            payment_risk="high",
            # (40 * 1 + 20 * 50) / 60
            health_score=17.33,
            health_status="at_risk",
        )

    def test_05_hand_written_entry_of_the_bank_is_a_payment(self):
        invoice = self._invoice()
        entry = self._create_entry(
            (self.bank_account, None, 700.0),
            (self.expense, None, 300.0),
            (self.receivable, self.partner, -1000.0),
            date="2024-02-24",
        )
        self._settle(invoice, entry)
        self.assertRow(
            written_off_amount=300.0,
            paid_amount=700.0,
            payment_count=1,
            days_to_pay=45.0,
            days_beyond_terms=15.0,
            # (700 * 70 + 300 * 1) / 1000
            payment_score=49.3,
            payment_risk="high",
        )

    def test_06_write_off_inside_a_payment(self):
        invoice = self._invoice()
        self._pay(
            invoice,
            980.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.expense.id,
        )
        self.assertRow(
            paid_amount=980.0,
            written_off_amount=20.0,
            payment_count=1,
            days_to_pay=10.0,
            on_time_rate=1.0,
            # (980 * 90 + 20 * 1) / 1000
            payment_score=88.22,
        )

    def test_06_early_discount_is_neither_lost_nor_late(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        invoice = self._invoice(invoice_payment_term_id=terms.id)
        payment = self._pay(invoice, date="2024-01-15")
        self.assertEqual(payment.amount, 980.0)
        self.assertRow(
            paid_amount=980.0,
            written_off_amount=0.0,
            payment_count=1,
            days_to_pay=5.0,
            days_beyond_terms=-25.0,
            on_time_rate=1.0,
            payment_score=95.0,
            payment_risk="low",
        )

    def test_06_discount_weighs_with_its_payment(self):
        """980 + 20 at +25 days early against 1,000 in time: even weights."""
        self.test_06_early_discount_is_neither_lost_nor_late()
        self._pay(self._invoice(), date="2024-02-09")
        self.assertRow(
            paid_amount=1980.0, days_beyond_terms=-12.5, payment_score=87.5, payment_count=2
        )

    def test_07_exchange_difference_is_neither_cash_nor_late(self):
        """500.00 at the invoice's rate are paid; that 400.00 came in is the company's loss."""
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0), ("2024-02-14", 2.5)])
        invoice = self._invoice(currency_id=foreign.id)
        self._pay(invoice, date="2024-02-14")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertRow(
            paid_amount=500.0,
            written_off_amount=0.0,
            payment_count=1,
            days_to_pay=35.0,
            days_beyond_terms=5.0,
            payment_score=76.67,
            revenue_12m=500.0,
        )

    def test_07_exchange_gain_is_the_companys(self):
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0), ("2024-02-14", 1.6)])
        invoice = self._invoice(currency_id=foreign.id)
        self._pay(invoice, date="2024-02-14")
        self.assertRow(paid_amount=500.0, payment_count=1, payment_score=76.67)

    def test_37_credited_at_another_rate_no_revenue_is_left(self):
        """500.00 at the invoice's rate is credited as 625.00, or as 400.00: it was not sold."""
        foreign = self.setup_other_currency(
            "EUR", rates=[("2023-01-01", 2.0), ("2024-02-01", 1.6), ("2024-03-01", 2.5)]
        )
        tax = self.company_data["default_tax_sale"]
        for date, untaxed in (("2024-02-02", -625.0), ("2024-03-02", -400.0)):
            customer = self._create_customer(f"Credited on {date}")
            invoice = self._invoice(currency_id=foreign.id, taxes=tax, partner_id=customer.id)
            self.assertEqual(invoice.amount_untaxed_signed, 500.0)
            refund = self._invoice(
                currency_id=foreign.id,
                taxes=tax,
                partner_id=customer.id,
                move_type="out_refund",
                date=date,
            )
            self.assertEqual(refund.amount_untaxed_signed, untaxed)
            self._settle(invoice, refund)
            self.assertEqual(invoice.payment_state, "reversed")
            self.assertRow(
                customer,
                revenue_12m=0.0,
                open_amount=0.0,
                unapplied_credit_amount=0.0,
            )

    def test_37_credited_in_part_at_another_rate(self):
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0), ("2024-02-01", 1.6)])
        invoice = self._invoice(currency_id=foreign.id, invoice_date_due="2024-06-30")
        refund = self._invoice(
            400.0, currency_id=foreign.id, move_type="out_refund", date="2024-02-02"
        )
        not_matched = {"open_amount": 500.0, "not_due_amount": 500.0}
        self.assertRow(**not_matched, unapplied_credit_amount=250.0, revenue_12m=250.0)
        self._settle(invoice, refund)
        # 400 of the 1,000 at the invoice's rate are 200.
        self.assertRow(open_amount=300.0, not_due_amount=300.0, revenue_12m=300.0)

    def test_08_foreign_currency(self):
        """Everything is in company currency and is never converted twice."""
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])
        invoice = self._invoice(currency_id=foreign.id)
        self._pay(invoice, 500.0, date="2024-02-09")
        self.env["res.currency.rate"].create(
            {"currency_id": foreign.id, "name": "2024-03-01", "rate": 4.0}
        )
        self.assertRow(
            open_amount=250.0,
            overdue_amount=250.0,
            overdue_31_60=250.0,
            overdue_count=1,
            paid_amount=250.0,
            revenue_12m=500.0,
            average_invoice_amount=500.0,
            # (250 * 80 + 250 * 48.3333) / 500
            payment_score=64.17,
        )

    def test_10_paid_without_a_bank_statement(self):
        """A registered payment counts, matched with the bank or not."""
        invoice = self._invoice()
        with patch.object(
            type(self.env["account.move"]),
            "_get_invoice_in_payment_state",
            lambda self: "in_payment",
        ):
            outstanding = self.env["account.chart.template"].ref(
                "account_journal_payment_debit_account_id"
            )
            self.bank.inbound_payment_method_line_ids.payment_account_id = outstanding
            payment = self._pay(invoice, date="2024-02-09")
            self._flush()
        self.assertIn(outstanding, payment.move_id.line_ids.account_id)
        self.assertEqual(invoice.payment_state, "in_payment")
        self.assertRow(paid_amount=1000.0, payment_count=1, payment_score=80.0)

    def test_11_payment_without_entry(self):
        """Its date and amount count; the invoice is not both paid and overdue."""
        invoice = self._invoice()
        payment = self._pay_without_entry(invoice, 400.0, date="2024-02-09")
        self.assertFalse(payment.move_id)
        self.assertEqual(invoice.amount_residual, 1000.0)
        self.assertRow(
            open_amount=600.0,
            overdue_amount=600.0,
            overdue_31_60=600.0,
            overdue_count=1,
            oldest_due_date="2024-02-09",
            days_overdue=35,
            paid_amount=400.0,
            payment_count=1,
            days_to_pay=30.0,
            # (400 * 80 + 600 * 48.3333) / 1000
            payment_score=61.0,
        )
        self._pay_without_entry(invoice, 600.0, date="2024-02-24")
        self.assertRow(
            overdue_count=0,
            days_overdue=0,
            paid_amount=1000.0,
            payment_count=2,
            days_beyond_terms=9.0,
            payment_score=74.0,
        )

    def test_12_invoice_reset_to_draft_keeps_its_payment(self):
        """The document does not count; the money is still matched with it."""
        self._invoice(500.0)
        invoice = self._invoice()
        self._pay(invoice)
        invoice.button_draft()
        self.assertEqual((invoice.state, invoice.payment_state), ("draft", "paid"))
        self.assertRow(
            open_amount=500.0,
            overdue_amount=500.0,
            overdue_31_60=500.0,
            overdue_count=1,
            invoice_count=1,
            revenue_12m=500.0,
            paid_amount=0.0,
            payment_count=0,
        )

    def test_12_payment_reset_to_draft_keeps_what_it_settled(self):
        invoice = self._invoice()
        payment = self._pay(invoice, date="2024-02-19")
        payment.action_draft()
        self.assertRow(paid_amount=1000.0, payment_count=1, days_beyond_terms=10.0)
        payment.date = "2024-02-24"
        self.assertRow(paid_amount=1000.0, payment_count=1, days_beyond_terms=15.0)
        payment.action_cancel()
        self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_31_60=1000.0,
            overdue_count=1,
            paid_amount=0.0,
            payment_score=48.33,
        )

    def test_17_point_of_sale(self):
        """The till's entry has no payment record, and is money nevertheless."""
        till = self.receivable.copy({"name": "Till"})
        self.company.account_default_pos_receivable_account_id = till
        invoice = self._invoice()
        entry = self._create_entry(
            (till, self.partner, 1000.0),
            (self.receivable, self.partner, -1000.0),
            date="2024-02-09",
        )
        self._settle(invoice, entry)
        self._refresh()
        self.assertAllRows()
        row = self._get_rows()[self.partner]
        self.assertEqual((row.paid_amount, row.written_off_amount), (1000.0, 0.0))
        self.assertAlmostEqual(row.days_to_pay, 30.0)

    def test_18_prepayment(self):
        """Money before the invoice: an unapplied credit at first, then paid after 0 days."""
        money = self._create_entry(
            (self.bank_account, None, 1000.0),
            (self.receivable, self.partner, -1000.0),
            date="2023-12-20",
        )
        self.assertRow(unapplied_credit_amount=1000.0, invoice_count=0, health_status="unknown")
        invoice = self._invoice()
        self._settle(invoice, money)
        self.assertRow(
            paid_amount=1000.0,
            payment_count=1,
            days_to_pay=0.0,
            days_beyond_terms=-30.0,
            payment_score=100.0,
        )

    def test_23_unreconciled_is_as_before(self):
        invoice = self._invoice()
        self._pay(self._invoice(500.0), date="2024-02-09")
        before = self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_31_60=1000.0,
            # (500 * 80 + 1000 * 48.3333) / 1500
            payment_score=58.89,
        ).read()[0]
        payment = self._pay(invoice)
        # (500 * 80 + 1000 * 90) / 1500: it came 20 days early.
        self.assertRow(paid_amount=1500.0, payment_score=86.67)
        invoice.line_ids.remove_move_reconcile()
        # The money is in the house: it is judged as if it were matched.
        self.assertRow(
            open_amount=1000.0,
            overdue_amount=1000.0,
            overdue_31_60=1000.0,
            unapplied_credit_amount=1000.0,
            net_overdue_amount=0.0,
            payment_score=86.67,
        )
        payment.action_draft()
        payment.action_cancel()
        after = self.assertRow(
            open_amount=1000.0, overdue_amount=1000.0, overdue_31_60=1000.0, payment_score=58.89
        ).read()[0]
        for name in ("computed_at", "write_date", "__last_update", "change_ids"):
            before.pop(name, None)
            after.pop(name, None)
        self.assertEqual(after, before)

    def test_money_paid_back_counts_against_what_was_paid(self):
        """It says nothing of the customer's days."""
        self._pay(self._invoice(), date="2024-02-09")
        refund = self._invoice(
            250.0, move_type="out_refund", date="2024-02-20", invoice_date_due="2024-02-20"
        )
        self._pay(refund, date="2024-02-25")
        self.assertRow(
            paid_amount=750.0,
            payment_count=1,
            days_to_pay=30.0,
            payment_score=80.0,
            revenue_12m=750.0,
        )

    def test_overpayment_is_an_unapplied_credit(self):
        self._pay(self._invoice(), 1200.0, date="2024-02-09")
        self.assertRow(unapplied_credit_amount=200.0, paid_amount=1000.0, payment_count=1)
