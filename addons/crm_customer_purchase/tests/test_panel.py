from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestPanel(PurchaseCommon):
    """What a salesperson reads in five seconds, on the contact, the opportunity, the diagnosis."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("panel_seller", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user("panel_leader", "sales_team.group_sale_salesman_all_leads")
        cls.partner.user_id = cls.seller
        for month in range(1, 7):
            cls._sell(cls.flour, f"2024-{month:02}-01")
            cls._sell(cls.salt, f"2024-{2 * month - 1:02}-01", price=1000)
        cls.env.flush_all()
        cls.purchases.env["crm.customer.health"]._refresh(cls.company)
        cls.purchases._refresh(cls.company)
        cls.lead = cls.env["crm.lead"].create(
            {"name": "Deal", "partner_id": cls.partner.id, "user_id": cls.seller.id}
        )

    def test_where_it_is_shown(self):
        health = self.env["crm.customer.health"].search([("partner_id", "=", self.partner.id)])
        for record in (self.partner, self.lead, health):
            panel = record.with_user(self.seller).purchase_panel
            bought, __, stopped = panel.partition("Stopped buying")
            self.assertLess(bought.index("Salt"), bought.index("Flour"), "what brings most")
            self.assertIn("width: 100%", bought)
            self.assertIn("width: 10%", bought)
            self.assertIn("Flour", stopped)
            self.assertNotIn("Salt", stopped)

    def test_contact_of_the_customer(self):
        contact = self.env["res.partner"].create({"name": "C", "parent_id": self.partner.id})
        self.assertIn("Flour", contact.with_user(self.seller).purchase_panel)

    def test_who_sees_nothing(self):
        self.assertTrue(self.partner.with_user(self.leader).purchase_panel)
        self.partner.user_id = self.leader
        self.lead.user_id = self.leader
        self.assertFalse(self.partner.with_user(self.seller).purchase_panel)
        internal = self._create_user("panel_internal", "base.group_user")
        with self.assertRaises(AccessError):
            self.partner.with_user(internal).read(["purchase_panel"])

    def test_two_statements(self):
        """A form that shows it asks for purchases and suggestions, and for names of products."""
        partner = self.partner.with_user(self.leader)

        def count():
            self.env.invalidate_all()
            partner.fetch(["name"])
            before = self.env.cr.sql_log_count
            partner.purchase_panel  # noqa: B018
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        for number in range(20):
            product = self.env["product.product"].create({"name": f"P {number}"})
            self._sell(product, "2024-12-01")
        self._refresh()
        count()
        self.assertEqual(count(), few, "the same however much the customer buys")

    def test_market(self):
        market = self.env["crm.customer.market.report"]
        rows = market.with_user(self.seller)._read_group(
            [("partner_id", "=", self.partner.id)], ["month:quarter"], ["amount:sum"]
        )
        self.assertEqual([amount for __, amount in rows], [2300, 1300, 2000, 1000])
        grouped = market.with_user(self.leader)._read_group(
            [], ["rfm_segment", "industry_id", "country_id", "categ_id"], ["amount:sum"]
        )
        self.assertEqual(sum(row[-1] for row in grouped), 6600)
        self.partner.user_id = self.leader
        self.lead.user_id = self.leader
        self.assertFalse(market.with_user(self.seller).search([]))
