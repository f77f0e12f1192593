import random
from datetime import timedelta

from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .test_service import ServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-10 10:00")
class TestValue(ServiceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["crm.customer.health.policy"]._get_policy(cls.company)

    @classmethod
    def _create_customer(cls, name, **values):
        return cls.env["res.partner"].create({"name": name, "is_company": True, **values})

    def _compute(self):
        self._freeze()
        values = self.env(user=SUPERUSER_ID)["crm.customer.value"]
        values._compute_company(self.policy)
        return {
            row.partner_id: row for row in values.search([("company_id", "=", self.company.id)])
        }

    def _get_model(self):
        return self.env["crm.customer.value.model"].search([("company_id", "=", self.company.id)])

    def test_facts(self):
        self._sell(self.flour, date="2024-01-10")
        self._sell(self.flour, date="2024-01-10")
        self._sell(None, 1, 50.0, date="2024-02-14")
        self._sell(self.flour, 1, date="2024-02-14", move_type="out_refund")
        self._sell(self.flour, date="2022-01-10", partner_id=self._create_customer("Old").id)
        row = self._compute()[self.partner]
        self.assertRecordValues(
            row,
            [
                {
                    "revenue": 240.0,
                    "costed_revenue": 190.0,
                    "margin": 57.0,
                    "margin_rate": 0.3,
                    "purchase_count": 2,
                    "last_week": 5,
                    "age_weeks": 9,
                    "mean_spend": 120.0,  # less what was credited
                    "method": "means",
                }
            ],
        )

    def test_nothing_is_expected_of_who_objected(self):
        """Facts stay; the customer's health has no tier from that moment on."""
        for partner in (self.partner, self._create_customer("Other")):
            for day in ("2024-01-10", "2024-02-10"):
                self._sell(self.flour, date=day, partner_id=partner.id)
        self.partner.is_unscored = True
        rows = self._compute()
        row = rows.pop(self.partner)
        self.assertEqual(row.revenue, 200.0)
        self.assertEqual(
            (row.method, row.value_tier, row.expected_value, row.probability_alive),
            (False, False, 0.0, 0.0),
        )
        self.assertEqual({row.value_tier for row in rows.values()}, {"a"})

    def test_customer_who_became_a_contact(self):
        """What it bought as a customer of its own is its company's, as revenue is."""
        other = self._create_customer("Taken Over")
        self._sell(self.flour, date="2024-01-10", partner_id=other.id)
        self._sell(self.flour, date="2024-02-14")
        other.write({"is_company": False, "parent_id": self.partner.id})
        self.assertEqual(
            [
                (partner, row.revenue, row.purchase_count, row.mean_spend)
                for partner, row in self._compute().items()
            ],
            [(self.partner, 200.0, 2, 100.0)],
        )

    def test_all_credited_is_worth_nothing(self):
        self._sell(self.flour)
        self._sell(self.flour, move_type="out_refund")
        other = self._create_customer("Keeps what it bought")
        self._sell(self.flour, partner_id=other.id)
        rows = self._compute()
        self.assertEqual((rows[self.partner].mean_spend, rows[self.partner].value_tier), (0.0, "d"))
        self.assertEqual(rows[self.partner].expected_value, 0.0)
        self.assertEqual(rows[other].mean_spend, 100.0)

    def test_few_customers_say_so(self):
        self._sell(self.flour)
        self._compute()
        self.assertRecordValues(self._get_model(), [{"method": "means", "reason": "few"}])

    def test_past_value(self):
        """Cash when it came, less the cost, with a year's interest."""
        self.policy.value_discount_rate = 10
        invoice = self._sell(self.flour, 10, 100.0, date="2023-01-10")
        self._pay(invoice, date="2023-03-11")
        row = self._compute()[self.partner]
        self.assertAlmostEqual(
            row.past_value, 1000 * 1.1 ** (365 / 365) - 70 * 1.1 ** (425 / 365), 2
        )

    def test_lapsed_is_worth_nothing(self):
        for date in ("2022-01-10", "2022-02-10", "2022-03-10"):
            self._sell(self.flour, date=date)
        row = self._compute()[self.partner]
        self.assertEqual((row.expected_value, row.value_tier), (0.0, "d"))

    def test_unknown_cost_counts_at_the_company_s_margin(self):
        """A quarter of the revenue at 20 %, the rest at the 40 % of all customers: 35 %."""
        row = {"revenue": 200.0, "costed_revenue": 50.0, "margin_rate": 0.2}
        values = self.env["crm.customer.value"]
        model = {"has_margin": True, "margin_rate": 0.4}
        self.assertAlmostEqual(values._get_expected_margin(model, row), 0.35)
        self.assertEqual(values._get_expected_margin(model, row | {"margin_rate": None}), 0.4)
        self.assertEqual(values._get_expected_margin({"has_margin": False}, row), 1.0)

    def test_two_weeks_are_no_habit(self):
        """Two more purchases within two weeks are eight a year, not 52."""
        __, __, purchases = self.env["crm.customer.value"]._get_purchases(
            {"method": "means"}, 0.0, (2, 2, 2), 1
        )
        self.assertEqual(purchases, [8.0])

    def test_tiers(self):
        rows = [
            {"partner_id": number, "expected_value": value}
            for number, value in enumerate((40.0, 30.0, 15.0, 10.0, 5.0, 0.0, -3.0))
        ]
        self.env["crm.customer.value"]._set_tiers(rows)
        self.assertEqual("".join(row["value_tier"] for row in rows), "aabcddd")

    def test_fitted(self):
        """Enough customers that buy again: chances, and the tier where it is looked at."""
        chance = random.Random(3)
        partners = self.env["res.partner"].create(
            [{"name": f"Buyer {number}", "is_company": True} for number in range(70)]
        )
        today = self._date("2024-03-10")
        moves = self.env["account.move"]
        for number, partner in enumerate(partners):
            age = 100 + number
            last = age if number % 3 else age // 3
            for __ in range(1 + number % 4):
                days = 7 * chance.randint(age - last, age)
                moves |= self._sell(
                    self.flour,
                    1,
                    20 + number,
                    date=today - timedelta(days=days),
                    partner_id=partner.id,
                    post=False,
                )
        moves.action_post()
        rows = self._compute()
        model = self._get_model()
        self.assertIn(model.method, ("fitted", "means"))
        self.assertGreaterEqual(model.repeat_count, 50)
        if model.method == "fitted":
            for row in rows.values():
                self.assertEqual(row.method, "fitted")
                self.assertTrue(0 <= row.probability_alive <= 1)
                self.assertGreater(row.expected_purchases, 0)
        self.assertEqual({row.value_tier for row in rows.values()}, {"a", "b", "c", "d"})

    def test_contracts(self):
        """Stayed two years, and stays on with the chance of those who did."""
        tag = self.env["res.partner.category"].create({"name": "Contract"})
        self.policy.contract_category_ids = tag
        stays = self._create_customer("Stays", category_id=tag.ids)
        left = self._create_customer("Left", category_id=tag.ids)
        for year in ("2022", "2023", "2024"):
            self._sell(self.flour, date=f"{year}-01-10", partner_id=stays.id)
        self._sell(self.flour, date="2022-01-10", partner_id=left.id)
        rows = self._compute()
        self.assertEqual(rows[stays].method, "contract")
        self.assertGreater(rows[stays].expected_value, 0)
        self.assertEqual(rows[left].expected_value, 0)

    def test_margin_is_a_measure(self):
        """50/30/20 of 110 as before, and the margin with its weight: 30 % of 40 % is 75."""
        invoice = self._sell(self.flour, 10, 10.0, date="2024-01-10", invoice_date_due="2024-01-20")
        self._pay(invoice, date="2024-01-20")
        invoice = self._sell(self.flour, 10, 10.0, date="2024-02-20")
        self._pay(invoice, date="2024-02-20")
        self._compute()
        health = self.env(user=SUPERUSER_ID)["crm.customer.health"]
        health._refresh(self.company)
        row = health.search(
            [("company_id", "=", self.company.id), ("partner_id", "=", self.partner.id)]
        )
        self.assertEqual(row.margin_measure, 75.0)
        self.assertEqual(row.value_tier, "a")
        weights = {
            name: self.policy[f"{name}_weight"]
            for name in ("payment", "exposure", "purchase", "margin")
        }
        expected = sum(weight * row[f"{name}_measure"] for name, weight in weights.items()) / sum(
            weights.values()
        )
        # The only customer is the mean of all.
        self.assertAlmostEqual(row.health_score, expected, delta=0.02)
        self.assertIn("30", row.health_reasons)
        self.assertEqual(self.partner.value_tier, "a")
        action = row.action_view_value()
        self.assertEqual(self.env[action["res_model"]].browse(action["res_id"]).value_tier, "a")
        past = health._get_figures(self.company, self.partner, self._date("2024-02-01"))
        [figures] = past.values()
        self.assertEqual(figures["margin_measure"], 75.0)

    def test_unknown_margin_is_no_measure(self):
        invoice = self._sell(None, 1, 100.0, date="2024-01-10")
        self._pay(invoice, date="2024-01-20")
        self._compute()
        health = self.env(user=SUPERUSER_ID)["crm.customer.health"]
        health._refresh(self.company)
        [figures] = health._get_figures(self.company, self.partner).values()
        self.assertIsNone(figures["margin_measure"])

    def test_a_new_day_changes_only_what_changed(self):
        self._sell(self.flour)
        self._compute()
        statement = "SELECT ctid FROM crm_customer_value WHERE partner_id = %s"
        self.env.cr.execute(statement, [self.partner.id])
        before = self.env.cr.fetchall()
        self._compute()
        self.env.cr.execute(statement, [self.partner.id])
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_scheduled_action(self):
        self._sell(self.flour)
        self._freeze()
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_value.ir_cron_compute_value").sudo().method_direct_trigger()
        self.assertTrue(self._get_model())

    def test_settings_that_cannot_be(self):
        for values in (
            {"margin_full_rate": 0},
            {"value_discount_rate": -1},
            {"value_horizon_years": 0},
            {"margin_weight": -1},
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.policy.write(values)

    def test_who_sees_it(self):
        """The tier is for whoever sees the customer, the margin for its own group."""
        self._sell(self.flour)
        self._sell(self.flour, date="2024-03-01")
        self._compute()
        health = self.env(user=SUPERUSER_ID)["crm.customer.health"]
        health._refresh(self.company)
        row = health.search([("partner_id", "=", self.partner.id)])
        seller = self._create_user("value-seller", "sales_team.group_sale_salesman")
        self.assertEqual(self.partner.with_user(seller).value_tier, "a")
        with self.assertRaises(AccessError):
            row.with_user(seller).read(["margin_measure"])
        with self.assertRaises(AccessError):
            row.with_user(seller).web_read({"margin_measure": {}})
        with self.assertRaises(AccessError):
            self.env["crm.customer.value"].with_user(seller).search([])
        self.assertNotIn("margin", row.with_user(seller).health_reasons.lower())
