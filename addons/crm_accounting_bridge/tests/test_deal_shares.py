from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealShares(BridgeCommon):
    """One invoice, several deals: by line, taxes included, to the cent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create({"name": "7.7 %", "amount": 7.7})
        cls.deals = cls.env["crm.lead"]
        for number in range(3):
            cls.deals |= cls._create_deal(f"Deal {number}")

    def assertSum(self, move, deals, **expected):
        """The deals' figures are those of the document, to the cent."""
        self._flush()
        for deal in deals:
            self.assertFigures(
                deal,
                **{
                    name: deal[name]
                    for name in (
                        "invoiced_total",
                        "credited_total",
                        "paid_total",
                        "discount_total",
                        "written_off_total",
                        "due_total",
                        "overdue_total",
                    )
                },
            )
        for name, amount in expected.items():
            self.assertAlmostEqual(sum(deals.mapped(name)), amount, 6, name)

    def test_three_thirds_paid_to_the_cent(self):
        a, b, c = self.deals
        invoice = self._create_deal_invoice(
            [(33.33, a), (33.33, b), (33.33, c)], invoice_date_due="2024-03-01"
        )
        for amount, paid in ((0.01, 0.01), (50.0, 50.01), (0.02, 50.03), (49.95, 99.98)):
            self._pay(invoice, amount)
            self.assertSum(
                invoice,
                self.deals,
                invoiced_total=99.99,
                paid_total=paid,
                due_total=99.99 - paid,
            )
        self._pay(invoice)
        for deal in self.deals:
            self.assertFigures(deal, invoiced_total=33.33, paid_total=33.33)
            self.assertEqual(deal.billing_status, "paid")

    def test_taxes_rounded_by_line_and_globally(self):
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method=method):
                self.company.tax_calculation_rounding_method = method
                deals = self.deals.browse()
                for number in range(3):
                    deals |= self._create_deal(f"{method} {number}")
                invoice = self._create_deal_invoice(
                    [(33.33, deals[0]), (0.07, deals[1]), (66.67, deals[2]), (19.99, deals[0])],
                    taxes=self.tax,
                    invoice_date_due="2024-03-01",
                )
                self.assertSum(
                    invoice,
                    deals,
                    invoiced_total=invoice.amount_total,
                    due_total=invoice.amount_total,
                    invoiced_untaxed=invoice.amount_untaxed,
                )
                self._pay(invoice, 77.77)
                self.assertSum(
                    invoice,
                    deals,
                    paid_total=77.77,
                    due_total=invoice.amount_residual,
                )

    def test_lines_without_a_deal_keep_their_share(self):
        a, b, _c = self.deals
        invoice = self._create_deal_invoice([(60.0, a), (30.0, b), (10.0, None)])
        self._pay(invoice, 50.0)
        self.assertFigures(
            a, invoiced_total=60.0, paid_total=30.0, due_total=30.0, overdue_total=30.0
        )
        self.assertFigures(
            b, invoiced_total=30.0, paid_total=15.0, due_total=15.0, overdue_total=15.0
        )

    def test_cash_rounding(self):
        for rounding in (self.cash_rounding_a, self.cash_rounding_b):
            with self.subTest(strategy=rounding.strategy):
                deals = self._create_deal("x") | self._create_deal("y")
                invoice = self._create_deal_invoice(
                    [(33.33, deals[0]), (33.34, deals[1])],
                    taxes=self.tax,
                    invoice_cash_rounding_id=rounding.id,
                )
                self._pay(invoice, 12.34)
                self.assertSum(
                    invoice,
                    deals,
                    invoiced_total=invoice.amount_total,
                    paid_total=12.34,
                    due_total=invoice.amount_residual,
                    overdue_total=invoice.amount_residual,
                )

    def test_discount_and_write_off_are_shared(self):
        a, b, c = self.deals
        invoice = self._create_deal_invoice([(33.33, a), (33.33, b), (33.34, c)])
        self._pay(
            invoice,
            99.99,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.assertSum(
            invoice,
            self.deals,
            invoiced_total=100.0,
            paid_total=99.99,
            written_off_total=0.01,
            due_total=0.0,
        )

    def test_early_discount_is_shared(self):
        a, b, c = self.deals
        terms = self.env["account.payment.term"].create(
            {
                "name": "2 % in 30 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 30,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        invoice = self._create_deal_invoice(
            [(100.0, a), (33.33, b), (66.67, c)],
            taxes=self.tax,
            invoice_payment_term_id=terms.id,
        )
        payment = self._pay(invoice)
        self.assertSum(
            invoice,
            self.deals,
            invoiced_total=invoice.amount_total,
            paid_total=payment.amount,
            discount_total=invoice.amount_total - payment.amount,
            due_total=0.0,
        )
        self.assertEqual(self.deals.mapped("billing_status"), ["paid"] * 3)

    def test_foreign_currency(self):
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 3.0)])
        a, b, c = self.deals
        invoice = self._create_deal_invoice(
            [(100.0, a), (100.0, b), (100.0, c)], currency_id=foreign.id
        )
        self.assertSum(invoice, self.deals, invoiced_total=100.0, due_total=100.0)
        self._pay(invoice, 100.0)
        self.assertSum(
            invoice,
            self.deals,
            paid_total=100.0 - invoice.amount_residual_signed,
            due_total=invoice.amount_residual_signed,
        )

    def test_down_payment_and_final_invoice(self):
        deal = self.deals[0]
        down = self._create_deal_invoice([(300.0, deal)])
        self._pay(down)
        self.assertFigures(deal, invoiced_total=300.0, paid_total=300.0)
        self.assertEqual(deal.billing_status, "paid")
        final = self._create_deal_invoice(
            [(1000.0, deal), (-300.0, deal)], invoice_date_due="2024-03-01"
        )
        self.assertFigures(deal, invoiced_total=1000.0, paid_total=300.0, due_total=700.0)
        self.assertEqual(deal.billing_status, "partially_paid")
        self._pay(final)
        self.assertFigures(deal, invoiced_total=1000.0, paid_total=1000.0)
        self.assertEqual(deal.billing_status, "paid")

    def test_invoice_whose_deals_cancel_out(self):
        a, b, _c = self.deals
        invoice = self._create_deal_invoice([(100.0, a), (-100.0, b)], taxes=self.tax)
        self.assertEqual(invoice.amount_total, 0.0)
        self._flush()
        self.assertEqual((a.invoiced_total, b.invoiced_total), (107.7, -107.7))
        self.assertEqual((a.due_total, b.due_total), (0.0, 0.0))

    def test_a_lines_other_deal_moves_its_share(self):
        a, b, c = self.deals
        invoice = self._create_deal_invoice([(33.33, a), (33.33, b), (33.34, c)])
        self._pay(invoice, 50.0)
        invoice.invoice_line_ids[0].opportunity_id = b
        self.assertFigures(a)
        self.assertEqual(a.billing_status, "none")
        self.assertSum(invoice, b | c, invoiced_total=100.0, paid_total=50.0, due_total=50.0)
        self.assertFigures(
            b, invoiced_total=66.66, paid_total=33.33, due_total=33.33, overdue_total=33.33
        )

    def test_a_deleted_deal_leaves_the_others_exact(self):
        a, b, c = self.deals
        invoice = self._create_deal_invoice([(33.33, a), (33.33, b), (33.33, c)])
        self._pay(invoice, 50.0)
        b.unlink()
        self.assertFalse(invoice.invoice_line_ids[1].opportunity_id)
        fresh = (a | c)._get_billing_figures()
        self._flush()
        for deal in a | c:
            self.assertEqual(deal.due_total, float(fresh[deal.id]["due_total"]))
        c.unlink()
        self.assertFalse(invoice.opportunity_ids - a)
        self.assertEqual(invoice.opportunity_id, a)

    def test_a_copy_keeps_no_deal_and_a_credit_note_keeps_each(self):
        a, b, _c = self.deals
        invoice = self._create_deal_invoice([(60.0, a), (30.0, b), (10.0, None)])
        self.assertFalse(invoice.copy().opportunity_ids)
        refund = invoice._reverse_moves([{"invoice_date": "2024-01-30"}])
        self.assertEqual(
            [(line.price_unit, line.opportunity_id) for line in refund.invoice_line_ids],
            [(60.0, a), (30.0, b), (10.0, a.browse())],
        )
