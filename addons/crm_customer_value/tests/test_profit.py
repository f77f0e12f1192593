from freezegun import freeze_time

from odoo.tests import tagged

from .test_service import ServiceCommon

MEASURES = ("revenue", "revenue_without_cost", "cost", "margin", "service_amount", "profit")


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestProfit(ServiceCommon):
    """Invoices of two customers, in two currencies, with returns and unknown costs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create(
            {
                "name": "Other",
                "user_id": cls.env.uid,
                "country_id": cls.env.ref("base.it").id,
            }
        )
        currency = cls.setup_other_currency("EUR", rates=[("2024-01-01", 2.0)])
        cls.invoices = (
            cls._sell(cls.flour)
            | cls._sell(cls.flour, 3, 30.0, partner_id=cls.other.id, currency_id=currency.id)
            | cls._sell(None, 1, 55.0, partner_id=cls.other.id, date="2024-02-01")
            | cls._sell(cls.flour, 2, move_type="out_refund", date="2024-02-05")
        )
        returned = cls.invoices[1]._reverse_moves([{"invoice_date": "2024-02-10"}])
        returned.invoice_line_ids.quantity = 1
        returned.action_post()
        cls.invoices |= returned
        cls._sell(cls.flour, post=False)
        cls._freeze()

    def _get_sums(self, *groups, domain=()):
        rows = self.env["crm.customer.profit.report"]._read_group(
            [("company_id", "=", self.company.id), *domain],
            groups,
            [f"{name}:sum" for name in MEASURES],
        )
        return {row[: len(groups)]: row[len(groups) :] for row in rows}

    def _get_plain(self, moves):
        """Read line by line."""
        revenue = unknown = cost = 0.0
        for line in moves.invoice_line_ids:
            revenue -= line.balance
            if line.cost_source == "none":
                unknown -= line.balance
            else:
                cost += line.cost
        return revenue, unknown, cost, revenue - unknown - cost

    def assertSums(self, found, expected):
        for value, wanted in zip(found, expected, strict=True):
            self.assertAlmostEqual(value, wanted, 2)

    def test_plain_recomputation(self):
        self._count(self._create_driver("invoice", 5.0))
        for partner, served in ((self.partner, 5.0), (self.other, 10.0)):
            moves = self.invoices.filtered(lambda move, partner=partner: move.partner_id == partner)
            *sums, margin = self._get_plain(moves)
            self.assertSums(
                self._get_sums("partner_id")[(partner,)], [*sums, margin, served, margin - served]
            )

    def test_numbers(self):
        """On paper: 10 at 10 that cost 7, 2 of them credited; 3 at 15 less 1 returned; 55 of
        nobody knows what.
        """
        self.assertSums(
            self._get_sums("partner_id")[(self.partner,)], [80.0, 0.0, 56.0, 24.0, 0.0, 24.0]
        )
        self.assertSums(
            self._get_sums("partner_id")[(self.other,)], [85.0, 55.0, 14.0, 16.0, 0.0, 16.0]
        )

    def test_any_grouping_adds_up(self):
        self._count(self._create_driver("invoice", 5.0), self._create_driver("late_money", 9.0))
        [total] = self._get_sums().values()
        for group in (
            "partner_id",
            "invoice_user_id",
            "user_id",
            "team_id",
            "country_id",
            "industry_id",
            "product_id",
            "product_categ_id",
            "driver_id",
            "date:month",
        ):
            with self.subTest(group):
                rows = self._get_sums(group).values()
                self.assertSums([sum(column) for column in zip(*rows, strict=True)], total)

    def test_own_customers_only(self):
        seller = self._create_user("profit-seller", "sales_team.group_sale_salesman")
        seller.sudo().group_ids |= self.env.ref("crm_customer_value.crm_customer_value_group_cost")
        rows = (
            self.env["crm.customer.profit.report"]
            .with_user(seller)
            ._read_group([("company_id", "=", self.company.id)], ["partner_id"])
        )
        self.assertEqual([partner.id for (partner,) in rows], [self.partner.id])
