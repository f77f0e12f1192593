from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestFlagAssignee(FlagCommon):
    """Who is told: each fallback, and inactive users are skipped."""

    def setUp(self):
        super().setUp()
        self.customer.user_id = False
        self.invoice = self._overdue(1000.0)
        self.invoice.invoice_user_id = False
        self.third = self._create_user("f-third", "sales_team.group_sale_salesman")

    def assertTold(self, user):
        self._flush()
        told = self.flags._get_assignees(self.company, self.customer)
        self.assertEqual(told.get(self.customer.id, False), user.id)

    def _deactivate(self, user):
        self.env.user.browse(user.id).sudo().active = False

    def test_salesperson_comes_first(self):
        self._create_deal(partner_id=self.customer.id, user_id=self.other_seller.id)
        self.customer.user_id = self.seller
        self.assertTold(self.seller)

    def test_newest_open_deal(self):
        old = self._create_deal(partner_id=self.customer.id, user_id=self.seller.id)
        new = self._create_deal(partner_id=self.customer.id, user_id=self.other_seller.id)
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = create_date - interval '3 days' WHERE id = %s",
            [old.id],
        )
        self.assertTold(self.other_seller)
        new.action_set_lost()
        self.assertTold(self.seller)

    def test_deal_of_a_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": self.customer.id, "type": "contact"}
        )
        self._create_deal(partner_id=contact.id, user_id=self.seller.id)
        self.assertTold(self.seller)

    def test_deal_of_another_company_is_none(self):
        other = self.setup_other_company(name="Second")["company"]
        self.seller.company_ids |= other
        self._create_deal(
            partner_id=self.customer.id, user_id=self.seller.id, company_id=other.id, team_id=False
        )
        self.assertTold(self.fallback)

    def test_oldest_overdue_invoice(self):
        newer = self._overdue(5000.0, date="2024-01-12", invoice_date_due="2024-02-20")
        newer.invoice_user_id = self.other_seller
        self.assertTold(self.other_seller)
        self.invoice.invoice_user_id = self.seller
        self.assertTold(self.seller)

    def test_inactive_salesperson_is_skipped(self):
        self.customer.user_id = self.third
        self.invoice.invoice_user_id = self.seller
        self._deactivate(self.third)
        self.assertTold(self.seller)

    def test_leader_of_the_inactive_salespersons_team(self):
        self.team.member_ids |= self.third
        self.customer.user_id = self.third
        self._deactivate(self.third)
        self.assertTold(self.leader)

    def test_leader_of_the_deals_team(self):
        self._create_deal(partner_id=self.customer.id, user_id=False, team_id=self.team.id)
        self.assertTold(self.leader)

    def test_salesperson_of_an_invoice_before_any_leader(self):
        self._create_deal(partner_id=self.customer.id, user_id=False, team_id=self.team.id)
        self.invoice.invoice_user_id = self.other_seller
        self.assertTold(self.other_seller)

    def test_fallback(self):
        self.assertTold(self.fallback)

    def test_user_of_another_company_is_skipped(self):
        other = self.setup_other_company(name="Second")["company"]
        stranger = self._create_user("f-stranger", "sales_team.group_sale_salesman", company=other)
        self.customer.user_id = stranger
        self.assertTold(self.fallback)

    def test_portal_user_is_skipped(self):
        self.customer.user_id = self._create_user("f-portal", "base.group_portal")
        self.assertTold(self.fallback)

    def test_who_may_see_no_figures_is_skipped(self):
        """A colleague without Sales and Accounting may be the contact's salesperson, but is not
        told what it owes.
        """
        plain = self._create_user("f-plain", "base.group_user")
        self.customer.user_id = plain
        self.assertTold(self.fallback)
        sales = self.env.ref("sales_team.group_sale_salesman")
        plain.group_ids |= sales
        self.policy.fallback_user_id = plain
        plain.group_ids -= sales
        self.assertTold(self.env["res.users"])
        implying = self._create_user("f-manager", "sales_team.group_sale_manager")
        self.customer.user_id = implying
        self.assertTold(implying)

    def test_customer_is_handed_over(self):
        """The flag goes to the new salesperson; the former one learns nothing more."""
        self.customer.user_id = self.seller
        self._morning()
        flag = self._get_flag()
        self.customer.user_id = self.other_seller
        self._overdue(9000.0)
        self._morning("2024-03-02 08:00:00")
        self.assertEqual(flag.assigned_id, self.other_seller)
        self.assertEqual(self._get_activities().user_id, self.other_seller)
        self.assertFalse(flag.with_user(self.seller).search([("id", "=", flag.id)]))

    def test_who_was_told_may_see_no_figures_any_more(self):
        self.customer.user_id = self.seller
        self._morning()
        self.seller.sudo().group_ids = self.env.ref("base.group_user")
        self._morning("2024-03-02 08:00:00")
        self.assertEqual(self._get_flag().assigned_id, self.leader, "of the seller's team")

    def test_handed_to_a_colleague(self):
        """By hand: the flag follows, stays there, and goes on from there."""
        self.customer.user_id = self.seller
        self._morning()
        flag = self._get_flag()
        self._get_activities().with_user(self.seller).user_id = self.other_seller
        self.assertEqual(flag.assigned_id, self.other_seller)
        self._morning("2024-03-02 08:00:00")
        self.assertEqual(flag.assigned_id, self.other_seller)
        self._get_activities().with_user(self.other_seller).action_feedback("Done.")
        self._overdue(5000.0)
        self._morning("2024-03-03 08:00:00")
        self.assertEqual(self._get_activities().user_id, self.other_seller)

    def test_who_is_told_late_has_time(self):
        """Escalation counts from when somebody was told."""
        self.customer.user_id = self.seller
        self._morning()
        self.seller.sudo().action_archive()
        self.customer.user_id = self.other_seller
        run = self._morning("2024-03-25 08:00:00")
        self.assertFalse(run.escalated_count)
        self.assertEqual(self._get_flag().assigned_id, self.other_seller)
        self.assertEqual(self._morning("2024-04-08 08:00:00").escalated_count, 1)

    def test_who_is_told_can_act(self):
        """Also the salesperson of an invoice, whose customer it is not."""
        self.customer.user_id = self.third
        self._deactivate(self.third)
        self.invoice.invoice_user_id = self.other_seller
        self._morning()
        health = self._get_rows()[self.customer].with_user(self.other_seller)
        self.assertEqual(health.overdue_amount, 1000.0)
        action = self.customer.with_user(self.other_seller).action_record_promise()
        self.assertEqual(action["context"]["default_health_ids"], health.ids)
        with self.assertRaises(AccessError):
            health.with_user(self.seller).read(["overdue_amount"])
        self._get_flag()._close("cured")
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            health.read(["overdue_amount"])

    def test_nobody(self):
        self.policy.fallback_user_id = False
        run = self._morning()
        flag = self._get_flag()
        self.assertFalse(flag.assigned_id)
        self.assertFalse(flag.activity_id)
        self.assertFalse(flag.is_done)
        self.assertEqual(run.unassigned_count, 1)
        self.customer.user_id = self.seller
        run = self._morning("2024-03-02 08:00:00")
        self.assertEqual(run.unassigned_count, 0)
        self.assertEqual(flag.assigned_id, self.seller)
        self.assertEqual(self._get_activities().user_id, self.seller)

    def test_who_was_told_leaves(self):
        """Archived by button, Odoo deletes the activities; else they stay with who has left."""
        self.customer.user_id = self.seller
        self._morning()
        flag = self._get_flag()
        self.seller.sudo().action_archive()
        self.assertFalse(self._get_activities())
        self.assertFalse(flag.is_done)
        self.customer.user_id = self.other_seller
        run = self._morning("2024-03-02 08:00:00")
        self.assertRecordValues(run, [{"flagged_count": 0, "unassigned_count": 0}])
        self.assertEqual(flag.assigned_id, self.other_seller)
        self.assertEqual(self._get_activities().user_id, self.other_seller)
        self._deactivate(self.other_seller)
        self.assertEqual(self._get_activities().user_id, self.other_seller)
        self._morning("2024-03-03 08:00:00")
        self.assertEqual(flag.assigned_id, self.leader, "of the team of who has left")
        self.assertEqual(self._get_activities().user_id, self.leader)
        self._morning("2024-03-04 08:00:00")
        self.assertEqual(len(self._get_activities()), 1)

    def test_many_customers_at_once(self):
        twin = self._create_customer("Twin", user_id=self.other_seller.id)
        self._overdue(1000.0, twin)
        self._create_deal(partner_id=self.customer.id, user_id=self.seller.id)
        self._flush()
        self.assertEqual(
            self.flags._get_assignees(self.company, self.customer | twin),
            {self.customer.id: self.seller.id, twin.id: self.other_seller.id},
        )

    def test_teams_of_an_archived_team_have_no_leader(self):
        self._create_deal(partner_id=self.customer.id, user_id=False, team_id=self.team.id)
        self.team.active = False
        self.team.member_ids = [Command.clear()]
        self.assertTold(self.fallback)
