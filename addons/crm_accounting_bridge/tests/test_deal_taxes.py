from collections import defaultdict

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealTaxes(BridgeCommon):
    """Deals of one invoice with different taxes: each has its own lines' taxes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax_15 = cls._create_tax(15.0)
        cls.a, cls.b, cls.c = (cls._create_deal(name) for name in "ABC")
        cls.early = cls.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days, taxes reduced always",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "mixed",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    @classmethod
    def _create_tax(cls, amount, **values):
        return cls.env["account.tax"].create(
            {"name": f"Tax {amount} {values}", "amount": amount, **values}
        )

    def _create_taxed(self, *lines, **values):
        """An invoice from ``(deal, amount, taxes)``."""
        return self._create_document(
            [
                {
                    "price_unit": amount,
                    "opportunity_id": deal.id,
                    "tax_ids": [Command.set(taxes.ids)],
                }
                for deal, amount, taxes in lines
            ],
            **values,
        )

    def assertShares(self, invoice, *shares):
        """The deals' shares of the invoice. They are what Odoo's computation of taxes says of the
        lines, too, for which it has taken over what people corrected on the invoice.
        """
        self._flush()
        deals = invoice.invoice_line_ids.opportunity_id
        self.assertEqual([deal.invoiced_total for deal in deals], list(shares))
        self.assertAlmostEqual(sum(shares), invoice.amount_total_signed)
        computed, taxes_by_line = defaultdict(float), {}
        base_lines, _tax_lines = invoice._get_rounded_base_and_tax_lines()
        for base_line in base_lines:
            taxes_by_line[base_line["record"]] = sum(
                tax["tax_amount"] for tax in base_line["tax_details"]["taxes_data"]
            )
        for line, tax in taxes_by_line.items():
            if line.display_type == "product":
                computed[line.opportunity_id] += tax - line.balance
            else:
                # An early discount reduces the taxes of the lines with the same taxes.
                taxes = line.tax_ids
                same = [other for other in invoice.invoice_line_ids if other.tax_ids == taxes]
                total = sum(other.balance for other in same)
                for other in same:
                    computed[other.opportunity_id] += tax * other.balance / total
        for deal, share in zip(deals, shares, strict=True):
            self.assertAlmostEqual(computed[deal], share, delta=0.011)

    def test_early_discount_always_on_taxes(self):
        """1,000 + 15 % of 980 and 1,000 untaxed: 2,147."""
        invoice = self._create_taxed(
            (self.a, 1000.0, self.tax_15),
            (self.b, 1000.0, self.env["account.tax"]),
            invoice_payment_term_id=self.early.id,
        )
        self.assertEqual((invoice.amount_total, invoice.amount_tax), (2147.0, 147.0))
        self.assertShares(invoice, 1147.0, 1000.0)
        self.assertEqual((self.a.invoiced_untaxed, self.b.invoiced_untaxed), (1000.0, 1000.0))
        payment = self._pay(invoice, date="2024-01-15")
        self.assertEqual(payment.amount, 2107.0)
        self.assertFigures(self.a, invoiced_total=1147.0, paid_total=1125.63, discount_total=21.37)
        self.assertFigures(self.b, invoiced_total=1000.0, paid_total=981.37, discount_total=18.63)

    def test_early_discount_on_two_rates_with_a_deduction(self):
        """2,000 less 500 at 15 %: 2 % less are 220.50; 1,000 at 5 %: 49."""
        invoice = self._create_taxed(
            (self.a, 2000.0, self.tax_15),
            (self.b, 1000.0, self._create_tax(5.0)),
            (self.c, -500.0, self.tax_15),
            invoice_payment_term_id=self.early.id,
        )
        self.assertShares(invoice, 2294.0, 1049.0, -573.5)

    def test_early_discount_in_foreign_currency_and_credited(self):
        foreign = self.setup_other_currency("EUR", rates=[("2023-01-01", 4.0)])
        invoice = self._create_taxed(
            (self.a, 4000.0, self.tax_15),
            (self.b, 4000.0, self.env["account.tax"]),
            invoice_payment_term_id=self.early.id,
            currency_id=foreign.id,
        )
        self.assertShares(invoice, 1147.0, 1000.0)
        invoice._reverse_moves([{"invoice_date": "2024-01-25"}], cancel=True)
        for deal, credited in ((self.a, 1147.0), (self.b, 1000.0)):
            self.assertFigures(deal, credited_total=credited)
            self.assertEqual(deal.invoiced_untaxed, 0.0)
            self.assertEqual(deal.billing_status, "credited")

    def test_tax_on_tax_and_taxes_in_the_price(self):
        """1,000 + 10 % + 20 % of both = 1,320; 1,000 + 20 % = 1,200; 120 with 20 % in it."""
        on_top = self._create_tax(10.0, include_base_amount=True, sequence=1)
        plain = self._create_tax(20.0, sequence=2)
        included = self._create_tax(20.0, price_include_override="tax_included")
        invoice = self._create_taxed(
            (self.a, 1000.0, on_top + plain), (self.b, 1000.0, plain), (self.c, 120.0, included)
        )
        self.assertShares(invoice, 1320.0, 1200.0, 120.0)
        self.assertEqual(self.c.invoiced_untaxed, 100.0)

    def test_fixed_tax_and_group_of_taxes(self):
        """3 pieces of 100 with 5 each, and 10 % of all of it; 100 with 4 % and 6 %."""
        fixed = self._create_tax(5.0, amount_type="fixed", include_base_amount=True, sequence=1)
        group = self.env["account.tax"].create(
            {
                "name": "4 + 6",
                "amount_type": "group",
                "children_tax_ids": [
                    Command.set((self._create_tax(4.0) + self._create_tax(6.0)).ids)
                ],
            }
        )
        invoice = self._create_taxed(
            (self.a, 100.0, fixed + self._create_tax(10.0, sequence=2)),
            (self.b, 100.0, group),
            post=False,
        )
        invoice.invoice_line_ids[0].quantity = 3
        invoice.action_post()
        self.assertShares(invoice, 346.5, 110.0)

    def test_withheld_tax(self):
        """15 % added, and 15 % withheld by the customer of the other line."""
        withheld = self._create_tax(-15.0)
        invoice = self._create_taxed((self.a, 100.0, self.tax_15), (self.b, 100.0, withheld))
        self.assertEqual(invoice.amount_total, 200.0)
        self.assertShares(invoice, 115.0, 85.0)

    def test_taxes_corrected_by_hand_are_of_who_has_taxes(self):
        invoice = self._create_taxed(
            (self.a, 1000.0, self.tax_15), (self.b, 1000.0, self.env["account.tax"]), post=False
        )
        tax_line = invoice.line_ids.filtered("tax_line_id")
        terms_line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        invoice.line_ids = [
            Command.update(tax_line.id, {"amount_currency": -155.0}),
            Command.update(terms_line.id, {"amount_currency": 2155.0}),
        ]
        invoice.action_post()
        self.assertEqual(invoice.amount_total, 2155.0)
        self.assertShares(invoice, 1155.0, 1000.0)

    def test_rounding_over_all_lines(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self._create_tax(7.7)
        invoice = self._create_taxed((self.a, 0.33, tax), (self.b, 0.33, tax), (self.c, 0.33, tax))
        self.assertEqual(invoice.amount_total, 1.07)
        self._flush()
        self.assertAlmostEqual(sum((self.a + self.b + self.c).mapped("invoiced_total")), 1.07)
