from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BridgeCommon

AMOUNTS = ["invoiced_total", "paid_total", "due_total", "overdue_total"]


@tagged("post_install", "-at_install")
class TestRoles(BridgeCommon):
    """Who may see and change what, through the ORM as through the external API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.internal = cls._create_user("bridge-internal", "base.group_user")
        cls.portal = cls._create_user("bridge-portal", "base.group_portal")
        cls.seller = cls._create_user(
            "bridge-seller", "sales_team.group_sale_salesman,base.group_allow_export"
        )
        cls.other_seller = cls._create_user("bridge-other", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user("bridge-leader", "sales_team.group_sale_salesman_all_leads")
        cls.biller = cls._create_user("bridge-biller", "account.group_account_invoice")
        cls.selling_biller = cls._create_user(
            "bridge-both", "account.group_account_invoice,sales_team.group_sale_salesman"
        )
        cls.deal = cls._create_deal("Seller's", user_id=cls.seller.id)
        cls.other_deal = cls._create_deal("Other's", user_id=cls.other_seller.id)
        cls.invoice = cls._create_deal_invoice([(100.0, cls.deal), (40.0, cls.other_deal)])
        cls._pay(cls.invoice, 70.0)
        cls._follow_accounting()

    def test_salesperson_reads_figures_of_own_deals(self):
        deal = self.deal.with_user(self.seller)
        self.assertEqual(deal.read(["paid_total"])[0]["paid_total"], 50.0)
        self.assertEqual(deal.billing_status, "overdue")

    def test_salesperson_cannot_guess_figures_of_others(self):
        Lead = self.env["crm.lead"].with_user(self.seller)
        with self.assertRaises(AccessError):
            self.other_deal.with_user(self.seller).read(["paid_total"])
        domain = [("id", "in", (self.deal + self.other_deal).ids), ("paid_total", ">", 0)]
        self.assertEqual(Lead.search(domain), self.deal)
        self.assertEqual(Lead._read_group(domain, [], ["paid_total:sum"]), [(50.0,)])
        exported = Lead.search(domain).export_data(["name", "paid_total"])["datas"]
        self.assertEqual(exported, [["Seller's", 50.0]])

    def test_team_leader_reads_all_deals(self):
        deals = (self.deal + self.other_deal).with_user(self.leader)
        self.assertEqual(deals.mapped("due_total"), [50.0, 20.0])

    def test_salesperson_gets_no_way_to_invoices_of_others(self):
        """The invoice is the accountant's: no button, and no error either."""
        deal = self.deal.with_user(self.seller)
        self.assertFalse(deal.invoice_ids)
        self.assertEqual(deal.invoice_count, 0)
        with self.assertRaises(AccessError):
            self.env["account.receivable.settlement"].with_user(self.seller).search([])
        with self.assertRaises(AccessError):
            deal.read(["billing_line_ids"])

    def test_salesperson_opens_the_invoice_of_a_deal(self):
        """It is for somebody else's deal, too, and it is paid: neither is his to read."""
        self.invoice.invoice_user_id = self.seller
        invoice = self.invoice.with_user(self.seller)
        self.assertEqual(self.deal.with_user(self.seller).invoice_ids, invoice)
        self.assertEqual(invoice.opportunity_ids, self.deal.with_user(self.seller))
        self.assertEqual(invoice.opportunity_count, 1)
        arch = etree.fromstring(invoice.get_views([(False, "form")])["views"]["form"]["arch"])
        names = {node.get("name") for node in arch.iter("field", "button")}
        self.assertIn("opportunity_count", names)
        self.assertFalse({"payment_count", "open_payments"} & names)
        # Whoever reads them all sees them all; nobody is answered from another one's cache.
        self.assertEqual(self.invoice.with_user(self.biller).opportunity_count, 2)
        self.assertEqual(self.invoice.with_user(self.other_seller).opportunity_ids, self.other_deal)

    def test_invoicing_is_offered_no_button_that_it_may_not_use(self):
        def get_buttons(user):
            views = self.env["crm.lead"].with_user(user).get_views([(False, "form")])["views"]
            buttons = etree.fromstring(views["form"]["arch"]).iter("button")
            return {button.get("name") for button in buttons}

        writing = {"action_set_won_rainbowman", "action_restore", "action_schedule_meeting"}
        self.assertFalse(writing & get_buttons(self.biller))
        self.assertLessEqual(writing, get_buttons(self.selling_biller))

    def test_salesperson_cannot_write_figures(self):
        """Stored computed fields can be written in Odoo: these may not, by nobody."""
        self.assertTrue(self.env["crm.lead"].with_user(self.seller).create({"name": "New"}))
        for user in (self.seller, self.leader, self.env.user):
            for name in (*AMOUNTS, "billing_status", "stage_before_billing_id"):
                value = "paid" if name == "billing_status" else 1
                with self.subTest(name), self.assertRaises(AccessError):
                    self.deal.with_user(user).write({name: value})
                with self.subTest(name), self.assertRaises(AccessError):
                    self.env["crm.lead"].with_user(user).create({"name": "New", name: value})

    def test_internal_and_portal_users_see_nothing(self):
        for user in (self.internal, self.portal):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.deal.with_user(user).read(["billing_status"])
                with self.assertRaises(AccessError):
                    self.env["account.receivable.settlement"].with_user(user).search([])
                with self.assertRaises(AccessError):
                    self.env["crm.stage.change.failure"].with_user(user).search([])

    def test_portal_partner_of_a_deal_does_not_see_its_figures(self):
        """Other addons assign opportunities to portal partners, who then may read them."""
        self.env["ir.model.access"].sudo().create(
            {
                "name": "opportunities of portal partners",
                "model_id": self.env["ir.model"]._get("crm.lead").id,
                "group_id": self.env.ref("base.group_portal").id,
                "perm_read": True,
            }
        )
        Lead = self.env["crm.lead"].with_user(self.portal)
        self.assertEqual(Lead.browse(self.deal.id).name, "Seller's")
        with self.assertRaises(AccessError):
            Lead.browse(self.deal.id).read(["paid_total"])
        with self.assertRaises(AccessError):
            Lead.search([("paid_total", ">", 10)])
        with self.assertRaises(AccessError):
            Lead._read_group([], [], ["paid_total:sum"])
        self.assertNotIn("paid_total", Lead.fields_get())

    def test_invoicing_reads_deals_and_links_invoices_but_changes_no_deal(self):
        for user in (self.biller, self.selling_biller):
            with self.subTest(user.login):
                deals = (self.deal + self.other_deal).with_user(user)
                self.assertEqual(deals.mapped("paid_total"), [50.0, 20.0])
                self.assertEqual(deals[0].invoice_ids, self.invoice)
                with self.assertRaises(AccessError):
                    deals[1].name = "Renamed"
                with self.assertRaises(AccessError):
                    deals[1].unlink()
        with self.assertRaises(AccessError):
            self.env["crm.lead"].with_user(self.biller).create({"name": "New"})
        self.invoice.with_user(self.biller).opportunity_id = self.deal
        self.assertFigures(
            self.deal, invoiced_total=140.0, paid_total=70.0, due_total=70.0, overdue_total=70.0
        )
        self.assertEqual(self.other_deal.billing_status, "none")

    def test_change_of_a_posted_invoice_is_logged(self):
        self.env.cr.flush()
        before = self.invoice.message_ids
        line = self.invoice.invoice_line_ids[0].with_user(self.biller)
        line.with_context(tracking_disable=False).opportunity_id = self.other_deal
        self._flush()
        values = (self.invoice.message_ids - before).sudo().tracking_value_ids
        self.assertEqual(
            values.mapped(lambda value: (value.old_value_char, value.new_value_char)),
            [("Seller's", "Other's")],
        )
        self.assertEqual((self.invoice.message_ids - before).author_id, self.biller.partner_id)

    def test_companies_see_their_own_settlements(self):
        company = self.setup_other_company()["company"]
        stranger = self._create_user("bridge-stranger", "account.group_account_invoice", company)
        Settlement = self.env["account.receivable.settlement"]
        domain = [("invoice_id", "=", self.invoice.id)]
        self.assertEqual(Settlement.with_user(self.biller).search(domain).amount, 70.0)
        self.assertFalse(Settlement.with_user(stranger).search(domain))
        with self.assertRaises(AccessError):
            self.deal.with_user(stranger).read(["paid_total"])
