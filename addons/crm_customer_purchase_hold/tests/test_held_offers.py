from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_customer_purchase.tests.common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestHeldOffers(PurchaseCommon):
    """Two customers that two companies sell to: each is on hold in one of them, or in none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_company(name="Second")
        cls.both = cls.company | cls.second
        cls.env.user.company_ids |= cls.second
        cls.env["crm.customer.health.policy"].sudo()._get_policy(cls.both).write(
            {"are_thresholds_proposed": False}
        )
        cls.one, cls.two = cls.env["res.partner"].create([{"name": "One"}, {"name": "Two"}])
        customers = cls.one | cls.two
        values = [
            {"company_id": company.id, "partner_id": partner.id, "product_id": cls.flour.id}
            for company in cls.both
            for partner in customers
        ]
        cls.purchases.create([{**row, "state": "lapsed"} for row in values])
        cls.purchases.env["crm.customer.suggestion"].create(
            [{**row, "because_product_id": cls.yeast.id} for row in values]
        )
        cls.health = cls.purchases.env["crm.customer.health"]
        cls.health.create(
            [{"company_id": row["company_id"], "partner_id": row["partner_id"]} for row in values]
        )

    def _need_action(self, partner, company):
        self.health.search(
            [("partner_id", "=", partner.id), ("company_id", "=", company.id)]
        ).needs_action = True

    def assertLeftAlone(self, expected, companies=None):
        """Which ``(company, customer)`` are left alone, by searching and by reading, in both lists.

        :param companies: chosen by the user, the first one first
        """
        companies = companies or self.both
        self._flush()
        for model in ("crm.customer.purchase", "crm.customer.suggestion"):
            rows = self.env[model].with_context(allowed_company_ids=companies.ids)
            ours = [("partner_id", "in", (self.one | self.two).ids)]
            found = rows.search([*ours, ("is_left_alone", "=", True)])
            self.assertEqual({(row.company_id, row.partner_id) for row in found}, set(expected))
            everybody = rows.search(ours)
            self.assertEqual(everybody.filtered("is_left_alone"), found)
            self.assertEqual(rows.search([*ours, ("is_left_alone", "=", False)]), everybody - found)

    def test_nobody_is_on_hold(self):
        self.assertLeftAlone([])

    def test_on_hold_by_decision_in_one_company(self):
        self.one.with_company(self.company).hold_policy = "always"
        self.two.with_company(self.second).hold_policy = "always"
        held = [(self.company, self.one), (self.second, self.two)]
        self.assertLeftAlone(held)
        self.assertLeftAlone(held, self.second | self.company)
        self.assertLeftAlone(held[:1], self.company)
        self.assertLeftAlone(held[1:], self.second)

    def test_on_hold_by_policy(self):
        self._need_action(self.one, self.second)
        self._need_action(self.two, self.company)
        self.assertLeftAlone([(self.second, self.one), (self.company, self.two)])
        self.two.with_company(self.company).hold_policy = "never"
        self.assertLeftAlone([(self.second, self.one)])

    def test_thresholds_that_were_only_proposed_hold_nobody(self):
        self._need_action(self.one, self.company)
        self._need_action(self.one, self.second)
        policies = self.env["crm.customer.health.policy"].sudo()
        policies._get_policy(self.company).are_thresholds_proposed = True
        self.assertLeftAlone([(self.second, self.one)])

    def test_the_list_says_how_many(self):
        self.one.with_company(self.second).hold_policy = "always"
        rows = self.env["crm.customer.purchase"].with_context(allowed_company_ids=self.both.ids)
        action = rows.action_open_list("lapsed")
        self.assertIn("customers left out: 1", action["name"])

    def test_constant_statements(self):
        """Who is on hold is asked in the statement of the list, however many there are."""
        rows = self.env["crm.customer.purchase"]

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.search([("is_left_alone", "=", False)])
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        self.env["res.partner"].create(
            [{"name": f"Held {number}", "hold_policy": "always"} for number in range(20)]
        )
        self.assertEqual(count(), few)
