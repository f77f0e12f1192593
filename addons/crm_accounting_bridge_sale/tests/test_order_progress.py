from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BridgeSaleCommon

FIGURES = ("ordered_total", "delivered_rate", "invoiced_rate")


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestOrderProgress(BridgeSaleCommon):
    """Which share of a deal's orders is delivered and invoiced, with numbers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_deal()
        cls.consumable = cls.env["product.product"].create(
            {"name": "Box", "type": "consu", "invoice_policy": "delivery", "taxes_id": False}
        )

    def assertProgress(self, ordered, delivered, invoiced, deal=None):
        deal = deal or self.deal
        self._flush()
        self.assertAlmostEqual(deal.ordered_total, ordered, 2)
        self.assertAlmostEqual(deal.delivered_rate, delivered, 4)
        self.assertAlmostEqual(deal.invoiced_rate, invoiced, 4)

    def test_nothing_ordered(self):
        self.assertProgress(0.0, 0.0, 0.0)
        order = self._create_order(self.deal, confirm=False)
        self.assertProgress(0.0, 0.0, 0.0)
        order.action_confirm()
        self.assertProgress(1000.0, 0.0, 0.0)
        order._action_cancel()
        self.assertProgress(0.0, 0.0, 0.0)

    def test_parts(self):
        order = self._create_order(
            self.deal, [(10, 100.0, self.product_delivered, self.tax), (2, 50.0, None, self.tax)]
        )
        self.assertProgress(1100.0, 0.0, 0.0)
        order.order_line[0].qty_delivered = 4
        self.assertProgress(1100.0, 400 / 1100, 0.0)
        invoice = self._invoice(order)
        # What is delivered, and what is invoiced as ordered.
        self.assertProgress(1100.0, 400 / 1100, 500 / 1100)
        order.order_line[1].qty_delivered = 1
        self.assertProgress(1100.0, 450 / 1100, 500 / 1100)
        order.order_line[0].qty_delivered = 10
        order.order_line[1].qty_delivered = 2
        self._invoice(order)
        self.assertProgress(1100.0, 1.0, 1.0)
        self._credit(invoice)
        self.assertProgress(1100.0, 1.0, 600 / 1100)

    def test_goods(self):
        """A consumable, delivered by hand where Inventory is not installed."""
        order = self._create_order(self.deal, [(8, 25.0, self.consumable)])
        order.order_line.qty_delivered_method = "manual"
        order.order_line.qty_delivered = 6
        self.assertProgress(200.0, 0.75, 0.0)
        order.order_line.qty_delivered = 5  # one came back
        self.assertProgress(200.0, 0.625, 0.0)

    def test_draft_invoice_counts_as_on_the_order_line(self):
        self._invoice(self._create_order(self.deal), post=False)
        self.assertProgress(1000.0, 0.0, 1.0)

    def test_more_than_ordered(self):
        order = self._create_order(
            self.deal, [(1, 100.0, self.product_delivered), (1, 100.0, self.product_delivered)]
        )
        order.order_line[0].qty_delivered = 3
        self.assertProgress(200.0, 0.5, 0.0)
        order.order_line[1].qty_delivered = -1
        self.assertProgress(200.0, 0.5, 0.0)

    def test_discounts_and_returns_are_not_delivered(self):
        order = self._create_order(
            self.deal,
            [
                (10, 100.0, self.product_delivered),
                (1, -100.0),
                (-2, 50.0),
                (0, 70.0, self.product_delivered),
            ],
        )
        order.order_line[0].qty_delivered = 5
        order.order_line[3].qty_delivered = 1
        self.assertProgress(800.0, 0.5, 0.0)

    def test_only_discounts(self):
        self._create_order(self.deal, [(1, -100.0)])
        self.assertProgress(-100.0, 0.0, 0.0)

    def test_down_payment(self):
        order = self._create_order(self.deal, [(10, 100.0)])
        self._invoice(order, method="percentage", amount=30)
        self.assertTrue(order.order_line.filtered("is_downpayment"))
        self.assertProgress(1000.0, 0.0, 0.0)
        self._invoice(order)
        self.assertProgress(1000.0, 0.0, 1.0)

    def test_several_orders(self):
        first, second = (
            self._create_order(self.deal, [(quantity, 100.0, self.product_delivered)])
            for quantity in (1, 3)
        )
        self._create_order(False, [(9, 100.0)])
        first.order_line.qty_delivered = 1
        self.assertProgress(400.0, 0.25, 0.0)
        second.order_line.qty_delivered = 3
        self.assertProgress(400.0, 1.0, 0.0)
        second.opportunity_id = False
        self.assertProgress(100.0, 1.0, 0.0)

    def test_currencies(self):
        """Each order at the rate that Odoo keeps on it."""
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 4.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        abroad = self._create_order(
            self.deal, [(10, 100.0, self.product_delivered)], pricelist_id=pricelist.id
        )
        self.assertEqual(abroad.currency_id, currency)
        self.assertEqual(abroad.currency_rate, 4.0)
        self._create_order(self.deal, [(1, 750.0, self.product_delivered)])
        abroad.order_line.qty_delivered = 10
        self.assertProgress(1000.0, 0.25, 0.0)

    def test_company_with_another_currency(self):
        """A deal of no company: what is ordered elsewhere is converted on the day of the order."""
        currency = self.setup_other_currency("EUR", rates=[("2024-01-01", 4.0)])
        company = self._create_company(name="Abroad", currency_id=currency.id)
        self.env.user.company_ids |= company
        deal = self._create_deal("Group", company_id=False)
        self._create_order(deal, [(1, 100.0, self.product_delivered)])
        self.env["res.currency.rate"].create(
            [
                {"name": "2024-01-01", "rate": rate, "currency_id": unit.id, "company_id": other.id}
                for unit, rate, other in (
                    (self.company.currency_id, 0.25, company),
                    (currency, 1.0, company),
                )
            ]
        )
        self._flush()
        self.assertEqual(deal.billing_currency_id, self.company.currency_id)
        order = (
            self.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": self.partner.id,
                    "company_id": company.id,
                    "opportunity_id": deal.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product_delivered.id,
                                "product_uom_qty": 2,
                                "price_unit": 600.0,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        order.order_line.qty_delivered = 1
        self.assertProgress(400.0, 150 / 400, 0.0, deal)

    def test_cost_does_not_grow(self):
        deals = self.env["crm.lead"].concat(
            *(self._create_deal(f"Deal {number}") for number in range(20))
        )
        for deal in deals:
            self._create_order(deal)

        def count(records):
            self._flush()
            before = self.cr.sql_log_count
            records.read(FIGURES)
            return self.cr.sql_log_count - before

        count(deals)
        count(deals)
        self.assertEqual(count(deals[0]), count(deals))
        self.assertEqual(set(deals.mapped("ordered_total")), {1000.0})

    def test_unsaved(self):
        deal = self.env["crm.lead"].new({"name": "Not saved"})
        self.assertFalse(deal.ordered_total)

    def test_roles(self):
        """Whose deal it is sees its sums, orders of colleagues included."""
        seller, other = (
            self._create_user(f"progress-{name}", "sales_team.group_sale_salesman")
            for name in ("seller", "other")
        )
        accountant = self._create_user("progress-accountant", "account.group_account_invoice")
        internal = self._create_user("progress-internal", "base.group_user")
        self.deal.user_id = seller
        self._create_order(self.deal, user_id=other.id)
        self._flush()
        for user in (seller, accountant):
            values = self.deal.with_user(user).read(FIGURES)[0]
            self.assertEqual(values["ordered_total"], 1000.0, user.login)
        for user in (other, internal):
            with self.assertRaises(AccessError):
                self.deal.with_user(user).read(FIGURES)
        self.assertNotIn("ordered_total", self.deal.with_user(internal).fields_get())
