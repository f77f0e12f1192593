from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestOffers(PurchaseCommon):
    """The lists, who is left out of them, and what is done with a selection."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("purchase_seller", "sales_team.group_sale_salesman")
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Shop {n}", "user_id": cls.seller.id} for n in range(3)]
        )
        for customer in cls.customers:
            for month in range(1, 6):
                cls._sell(cls.flour, f"2024-{month:02}-01", partner_id=customer.id)
        cls.env.flush_all()
        cls.health = cls.purchases.env["crm.customer.health"]
        cls.health._refresh(cls.company)
        cls.purchases._refresh(cls.company)
        # Nothing of theirs was paid: that is not what is tested here.
        cls.health.search([("company_id", "=", cls.company.id)]).health_status = "healthy"
        cls.offers = cls.env["crm.customer.purchase"].with_user(cls.seller)

    def _open(self, kind="lapsed"):
        action = self.offers.action_open_list(kind)
        domain = [*action["domain"], ("is_left_alone", "=", False)]
        return self.offers.search(domain), action["name"]

    def test_lists_that_there_are_not(self):
        for kind in ("", "new", "x' OR 1=1", None, 1, ["lapsed"]):
            with self.subTest(kind=kind), self.assertRaises(UserError):
                self.offers.action_open_list(kind)

    def test_list_and_veto(self):
        rows, name = self._open()
        self.assertEqual(rows.partner_id, self.customers)
        self.assertEqual(name, "Stopped Buying")
        self.customers[0].is_left_out_of_lists = True
        self.health.search([("partner_id", "=", self.customers[1].id)]).health_status = "at_risk"
        rows, name = self._open()
        self.assertEqual(rows.partner_id, self.customers[2])
        self.assertEqual(name, "Stopped Buying (customers left out: 2)")
        asked_for = self.offers.search(self.offers.action_open_list("lapsed")["domain"])
        self.assertEqual(asked_for.partner_id, self.customers)
        self.assertEqual(asked_for.filtered("is_left_alone").partner_id, self.customers[:2])

    def test_due(self):
        for month in range(6, 12):
            self._sell(self.flour, f"2024-{month:02}-20", partner_id=self.customers[0].id)
        self._refresh()
        self.assertEqual(self._open("due")[0].partner_id, self.customers[0])
        self.assertEqual(self._open("lapsed")[0].partner_id, self.customers[1:])

    def test_activity_for_the_salesperson(self):
        rows, __ = self._open()
        rows[:2].with_user(self.env.user).action_schedule_activity()
        health = self.health.search([("partner_id", "in", rows[:2].partner_id.ids)])
        self.assertEqual(len(health.activity_ids), 2)
        self.assertEqual(health.activity_ids.user_id, self.seller)
        self.assertIn("Flour", health.activity_ids[0].note)
        rows.action_schedule_activity()
        self.assertEqual(len(health.activity_ids), 2, "once")

    def test_opportunities(self):
        rows, __ = self._open()
        action = rows.action_create_opportunities()
        leads = self.env["crm.lead"].search(action["domain"])
        self.assertEqual(leads.partner_id, self.customers)
        self.assertEqual(leads.user_id, self.seller)
        self.assertIn("Flour", leads[0].description)

    def test_tag(self):
        rows, __ = self._open()
        rows.with_user(self.env.user).action_tag_customers()
        self.assertEqual(self.customers.category_id.name, "Stopped Buying")
