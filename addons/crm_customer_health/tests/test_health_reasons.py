import json

from freezegun import freeze_time

from odoo.tests import tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestHealthReasons(HealthCommon):
    """The diagnosis explains itself in plain words, the weightiest first."""

    def _get_reasons(self, partner=None, lang="en_US"):
        self._refresh()
        row = self._get_rows()[partner or self.partner].with_context(lang=lang)
        return row.health_reasons.replace("\xa0", " ").split("\n")

    def test_nothing_known(self):
        self._invoice(1000.0, invoice_date_due="2024-06-01")
        self.assertEqual(
            self._get_reasons(), ["Nothing was settled in the window and no invoice is overdue."]
        )

    def test_opening_balance_is_all_that_is_known(self):
        """One sentence says both: what is owed, and that it tells nothing."""
        self._opening(1000.0, "2024-01-10")
        self.assertEqual(
            self._get_reasons(),
            [
                "Owes $ 1,000.00 since 01/10/2024 from an entry without invoice; nothing is known"
                " of how it pays."
            ],
        )
        row = self._get_rows()[self.partner]
        self.assertEqual((row.health_status, row.health_score), ("unknown", 0.0))
        self.assertEqual((row.overdue_amount, row.overdue_over_90), (1000.0, 1000.0))

    def test_overdue_invoices_that_credit_notes_cover(self):
        """They are invoices, and nothing is left to judge."""
        self._invoice(1000.0)
        self._create_deal_invoice([(1000.0, None)], move_type="out_refund", date="2024-03-01")
        self.assertEqual(
            self._get_reasons(),
            [
                "Nothing was settled in the window; what is overdue is covered by credits.",
                "$ 1,000.00 was received or credited, but is not matched yet.",
            ],
        )

    def test_threshold_is_named(self):
        policy = self._get_policy()
        policy.write({"minimum_items": 0, "purchase_weight": 0, "trend_weight": 0})
        policy.exposure_weight = 0
        self._settled(1000.0, 30)
        self.assertEqual(self._get_reasons()[0], "Score 50 is below 80: watch.")
        policy.watch_score = 50.4
        self.assertEqual(self._get_reasons()[0], "Score 50 is below 50.40: at risk.")
        policy.watch_score = 40
        policy.healthy_score = 50
        policy.medium_risk_score = 45
        self.assertEqual(self._get_reasons()[0], "Score 50, healthy from 50.")
        policy.medium_risk_score = 60
        self.assertEqual(
            self._get_reasons()[0],
            "Payment score 50 is below 60: watch, however good the business.",
        )

    def test_score_and_threshold_are_told_apart(self):
        """49.67 would be rounded to the threshold that it is below."""
        self._get_policy().write(
            {"minimum_items": 0, "purchase_weight": 0, "trend_weight": 0, "exposure_weight": 0}
        )
        self._settled(1000.0, 31)
        self.assertEqual(self._get_reasons()[0], "Score 49.7 is below 50: at risk.")

    def test_paid_in_full_says_that_nothing_is_open(self):
        for amount in (100.0, 200.0, 300.0, 400.0, 500.0):
            self._settled(amount, 50)
        reasons = self._get_reasons()
        self.assertIn("Nothing is open.", reasons)
        self.assertFalse([reason for reason in reasons if "overdue" in reason])

    def test_late_payer(self):
        for amount in (100.0, 200.0, 300.0, 400.0, 500.0):
            self._settled(amount, 12)
        reasons = self._get_reasons()
        self.assertIn("Pays 12 days after the due date, 0 % on time (payment score 72).", reasons)
        self.assertIn("Last invoice on 01/30/2024, 5 in twelve months.", reasons)

    def test_early_payer(self):
        for amount in (100.0, 200.0, 300.0, 400.0, 500.0):
            self._settled(amount, -10)
        self.assertIn(
            "Pays 10 days before the due date, 100 % on time (payment score 85).",
            self._get_reasons(),
        )

    def test_overdue_and_little_history(self):
        self._invoice(1000.0)
        self._invoice(3000.0, invoice_date_due="2024-06-01")
        reasons = self._get_reasons()
        self.assertIn(
            "$ 1,000.00 of the open $ 4,000.00 is overdue, the oldest since 02/09/2024 (61 days).",
            reasons,
        )
        self.assertIn("Payment score 40: no payment in the window.", reasons)
        self.assertIn(
            "Settled or overdue instalments: only 1, so the score leans on the company's mean.",
            reasons,
        )

    def test_loss_and_dispute(self):
        self._invoice(700.0).payment_state = "blocked"
        invoice = self._invoice(300.0)
        loss = self._create_entry(
            (self.expense, None, 300.0), (self.receivable, self.partner, -300.0), date="2024-03-01"
        )
        self._settle(invoice, loss)
        reasons = self._get_reasons()
        self.assertIn("$ 300.00 was written off.", reasons)
        self.assertIn("$ 700.00 is disputed.", reasons)

    def test_weights_order_the_reasons(self):
        """What is far from the middle, and weighs much, comes first."""
        for amount in (100.0, 200.0, 300.0, 400.0, 500.0):
            self._settled(amount, 0)
        self._invoice(1000.0)
        policy = self._get_policy()

        def first():
            text = self._get_reasons()
            places = {
                name: next(number for number, line in enumerate(text) if part in line)
                for name, part in (
                    ("payment", "(payment score"),
                    ("exposure", "is overdue, the oldest"),
                )
            }
            return min(places, key=places.get)

        policy.write({"payment_weight": 1, "exposure_weight": 90})
        self.assertEqual(first(), "exposure")
        policy.write({"payment_weight": 1000, "exposure_weight": 1})
        self.assertEqual(first(), "payment")

    def test_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("it_IT")
        self.env["ir.module.module"]._load_module_terms(["crm_customer_health"], ["it_IT"])
        self._invoice(1000.0)
        english = self._get_reasons()
        italian = self._get_reasons(lang="it_IT")
        self.assertEqual(len(italian), len(english))
        self.assertFalse(set(italian) & set(english))
        self.assertTrue(any("09/02/2024" in line for line in italian), "dates as Italians write")

    def test_ageing_graph_is_the_ageing(self):
        self._invoice(100.0)
        self._invoice(200.0, invoice_date_due="2024-06-01")
        self._refresh()
        [graph] = json.loads(self._get_rows()[self.partner].ageing_graph)
        self.assertEqual(
            [value["value"] for value in graph["values"]], [200.0, 0.0, 0.0, 100.0, 0.0, 0.0]
        )

    def test_grouped_by_whose_customers_they_are(self):
        seller = self._create_user("r-seller", "sales_team.group_sale_salesman")
        team = self.env["crm.team"].create({"name": "South", "member_ids": [(6, 0, seller.ids)]})
        country, industry = (
            self.env.ref("base.it"),
            self.env["res.partner.industry"].create({"name": "Bees"}),
        )
        customer = self._create_customer(
            "Grouped", user_id=seller.id, country_id=country.id, industry_id=industry.id
        )
        self._invoice(1000.0, partner_id=customer.id)
        self._invoice(500.0)
        self._refresh()
        health = self.env["crm.customer.health"]
        for name, group in (
            ("user_id", seller),
            ("team_id", team),
            ("country_id", country),
            ("industry_id", industry),
        ):
            with self.subTest(name):
                sums = dict(
                    health._read_group(
                        [("company_id", "=", self.company.id)], [name], ["open_amount:sum"]
                    )
                )
                self.assertEqual(sums[group], 1000.0)
