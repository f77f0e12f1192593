from freezegun import freeze_time

from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestSuggestions(PurchaseCommon):
    """40 bakeries: 20 buy flour, 14 of them and 6 others buy yeast; 14 others buy salt only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.industry = cls.env["res.partner.industry"].create({"name": "Bakeries"})
        cls.bakeries = cls.env["res.partner"].create(
            [{"name": f"Bakery {n}", "industry_id": cls.industry.id} for n in range(40)]
        )
        rows = [
            *((partner, cls.flour, 100 + n) for n, partner in enumerate(cls.bakeries[:20])),
            *((partner, cls.yeast, 10 + n) for n, partner in enumerate(cls.bakeries[6:26])),
            *((partner, cls.salt, 1) for partner in cls.bakeries[26:]),
        ]
        cls.env.flush_all()
        # Rows as the refresh writes them: what is tested is what is made of them.
        for partner, product, amount in rows:
            cls._add_purchase(partner, product, amount)

    @classmethod
    def _add_purchase(cls, partner, product, amount):
        return cls.purchases.create(
            {
                "company_id": cls.company.id,
                "partner_id": partner.id,
                "product_id": product.id,
                "amount_12m": amount,
                "purchase_count": 1,
                "state": "single",
            }
        )

    def _suggest(self):
        self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        suggestions = self.purchases.env["crm.customer.suggestion"]
        suggestions._refresh(self.company)
        return suggestions.search([("company_id", "=", self.company.id)])

    def test_values_on_paper(self):
        """Support 14/40, confidence 14/20, lift 0.7 / (20/40); amounts of the 14: 10 to 23."""
        suggestions = self._suggest()
        of_flour = suggestions.filtered(lambda row: row.product_id == self.yeast)
        self.assertEqual(of_flour.partner_id, self.bakeries[:6])
        self.assertRecordValues(
            of_flour[:1],
            [
                {
                    "because_product_id": self.flour.id,
                    "kind": "industry",
                    "kind_industry_id": self.industry.id,
                    "customer_count": 40,
                    "buyer_count": 20,
                    "both_count": 14,
                    "support": 0.35,
                    "confidence": 0.7,
                    "lift": 1.4,
                    "expected_amount": 16.5,
                    "rank": 1,
                }
            ],
        )
        self.assertEqual(
            of_flour[:1].reason,
            "14 of 20 customers of the industry Bakeries that buy Flour also buy Yeast",
        )
        # Who buys yeast is told of flour; salt is bought with nothing, and suggested to nobody.
        of_yeast = suggestions.filtered(lambda row: row.product_id == self.flour)
        self.assertEqual(of_yeast.partner_id, self.bakeries[20:26])
        self.assertEqual(len(suggestions), 12)

    def test_too_few_similar_customers(self):
        self.bakeries[:11].industry_id = False
        country = self.env.ref("base.hr")
        self.bakeries.country_id = country
        suggestions = self._suggest()
        self.assertEqual(set(suggestions.mapped("kind")), {"country"})
        self.assertEqual(suggestions.kind_country_id, country)
        self.bakeries[:11].country_id = False
        self.bakeries[11:].country_id = False
        suggestions = self._suggest()
        self.assertEqual(set(suggestions.mapped("kind")), {"all"})
        self.assertIn(" customers that buy Flour", suggestions.mapped("reason")[0])
        policy = self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        policy.suggestion_min_customers = 41
        self.assertFalse(self._suggest())

    def test_closer_kind_among_all_of_the_country(self):
        """Who has an industry of its own that is too small is compared with the whole country."""
        self.bakeries.country_id = self.env.ref("base.hr")
        lone = self.env["res.partner"].create(
            {"name": "Pizzeria", "country_id": self.env.ref("base.hr").id}
        )
        self._add_purchase(lone, self.flour, 5)
        row = self._suggest().filtered(lambda row: row.partner_id == lone)
        self.assertEqual(row.kind, "country")
        self.assertEqual((row.customer_count, row.buyer_count, row.both_count), (41, 21, 14))
        self.assertAlmostEqual(row.confidence, 14 / 21, 4)

    def test_minimum_of_buyers(self):
        policy = self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        policy.suggestion_min_buyers = 15
        self.assertFalse(self._suggest())
        policy.suggestion_min_buyers = 14
        self.assertTrue(self._suggest())

    def test_what_is_no_suggestion(self):
        """What was bought before, and what is sold no longer."""
        stopped = self._add_purchase(self.bakeries[0], self.yeast, 0)
        self.assertNotIn(stopped.partner_id, self._suggest().partner_id)
        self.yeast.sale_ok = False
        self.assertFalse(self._suggest().filtered(lambda row: row.product_id == self.yeast))
        self.yeast.sale_ok = True
        self.yeast.action_archive()
        self.assertFalse(self._suggest().filtered(lambda row: row.product_id == self.yeast))

    def test_bought_by_now(self):
        self.assertIn(self.bakeries[0], self._suggest().partner_id)
        self._sell(self.yeast, "2024-12-30", partner_id=self.bakeries[0].id)
        self._refresh(partners=self.bakeries[0])
        suggestions = self.env["crm.customer.suggestion"].sudo()
        self.assertFalse(suggestions.search([("partner_id", "=", self.bakeries[0].id)]))

    def test_five_at_most(self):
        products = self.env["product.product"].create([{"name": f"Extra {n}"} for n in range(7)])
        for product in products:
            for partner in self.bakeries[6:20]:
                self._add_purchase(partner, product, 50)
        rows = self._suggest().filtered(lambda row: row.partner_id == self.bakeries[0])
        self.assertEqual(rows.mapped("rank"), [1, 2, 3, 4, 5])
        scores = [row.confidence * row.lift for row in rows]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertNotIn(self.yeast, rows.product_id, "20 buy it, 14 the others: a smaller lift")

    def _suggest_categories(self):
        """Flour and rye are grain, yeast and soda make dough rise; salt is spice."""
        categories = self.env["product.category"]
        grain, rising, spice = categories.create(
            [{"name": name} for name in ("Grain", "Rising", "Spice")]
        )
        rye, soda = self.env["product.product"].create(
            [{"name": "Rye", "categ_id": grain.id}, {"name": "Soda", "categ_id": rising.id}]
        )
        self.flour.categ_id, self.yeast.categ_id, self.salt.categ_id = grain, rising, spice
        for product in self.flour | self.yeast | self.salt:
            self.purchases.search([("product_id", "=", product.id)]).categ_id = product.categ_id
        # Who buys rye beside flour is one buyer of grain still, of 100 + 50.
        self._add_purchase(self.bakeries[0], rye, 50).categ_id = grain
        policy = self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        policy.suggestion_level = "category"
        return grain, rising, soda

    def test_categories_on_paper(self):
        """The same numbers as of products: 14 of the 20 buyers of grain, of 40 customers."""
        self._suggest()
        grain, rising, __ = self._suggest_categories()
        suggestions = self._suggest()
        self.assertFalse(suggestions.product_id, "what was suggested before is gone")
        of_grain = suggestions.filtered(lambda row: row.suggested_categ_id == rising)
        self.assertEqual(of_grain.partner_id, self.bakeries[:6])
        self.assertRecordValues(
            of_grain[:1],
            [
                {
                    "because_categ_id": grain.id,
                    "customer_count": 40,
                    "buyer_count": 20,
                    "both_count": 14,
                    "support": 0.35,
                    "confidence": 0.7,
                    "lift": 1.4,
                    "expected_amount": 16.5,
                    "rank": 1,
                    "item_name": "Rising",
                    "reason": "14 of 20 customers of the industry Bakeries that buy Grain also buy"
                    " Rising",
                }
            ],
        )
        of_rising = suggestions.filtered(lambda row: row.suggested_categ_id == grain)
        self.assertEqual(of_rising.partner_id, self.bakeries[20:26])
        self.assertEqual(of_rising[:1].expected_amount, 112.5, "median of 106 to 119")
        # Once more: nothing is written. And back to products.
        self.env.cr.execute("UPDATE crm_customer_suggestion SET write_date = '2000-01-01'")
        suggestions.invalidate_recordset()
        self.assertEqual(self._suggest(), suggestions)
        self.assertEqual({row.write_date.year for row in suggestions}, {2000})
        policy = self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        policy.suggestion_level = "product"
        suggestions = self._suggest()
        self.assertFalse(suggestions.suggested_categ_id)
        self.assertEqual(len(suggestions), 12)

    def test_what_is_no_suggestion_of_a_category(self):
        """A category of which something was bought ever, and one of which nothing is sold."""
        __, rising, soda = self._suggest_categories()
        self._add_purchase(self.bakeries[0], soda, 0).categ_id = rising
        self.assertNotIn(self.bakeries[0], self._suggest().partner_id)
        self._sell(soda, "2024-12-30", partner_id=self.bakeries[1].id)
        self._refresh(partners=self.bakeries[1])
        suggestions = self.env["crm.customer.suggestion"].sudo()
        self.assertFalse(suggestions.search([("partner_id", "=", self.bakeries[1].id)]))
        self.yeast.sale_ok = False
        self.assertIn(rising, self._suggest().suggested_categ_id, "soda is sold")
        soda.action_archive()
        self.assertNotIn(rising, self._suggest().suggested_categ_id)

    def test_one_company_suggests_categories(self):
        second = self._create_company(name="Second")
        rows = self.purchases.search([("company_id", "=", self.company.id)])
        for row in rows:
            row.copy({"company_id": second.id})
        grain, rising, __ = self._suggest_categories()
        suggestions = self.purchases.env["crm.customer.suggestion"]
        suggestions._refresh(self.company | second)
        own, others = (
            suggestions.search([("company_id", "=", company.id)])
            for company in (self.company, second)
        )
        self.assertEqual(own.suggested_categ_id, grain | rising)
        self.assertFalse(own.product_id or others.suggested_categ_id)
        self.assertEqual(others.product_id, self.flour | self.yeast)

    def test_setting_asks_for_suggestions(self):
        norm = self.purchases.env["crm.customer.health.norm"].search(
            [("company_id", "=", self.company.id)]
        )
        norm.suggestions_as_of_date = "2024-12-31"
        manager = self._create_user("suggestion_manager", "sales_team.group_sale_manager")
        policies = self.env["crm.customer.health.policy"].sudo()._get_policy(self.company)
        policies.with_user(manager).suggestion_level = "category"
        self.assertFalse(norm.suggestions_as_of_date)

    def test_stays_as_it_is(self):
        suggestions = self._suggest()
        self.env.cr.execute("UPDATE crm_customer_suggestion SET write_date = '2000-01-01'")
        suggestions.invalidate_recordset()
        self.assertEqual(self._suggest(), suggestions)
        self.assertEqual({row.write_date.year for row in suggestions}, {2000})
