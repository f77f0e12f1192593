from datetime import date

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import HealthCommon


@tagged("post_install", "-at_install")
class TestConversation(HealthCommon):
    """What is said about a customer is on its row: for who may see the customer, and kept."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("c-seller", "sales_team.group_sale_salesman")
        cls.other_seller = cls._create_user("c-other", "sales_team.group_sale_salesman")
        cls.biller = cls._create_user("c-biller", "account.group_account_invoice")
        cls.internal = cls._create_user("c-internal", "base.group_user")
        cls.portal = cls._create_user("c-portal", "base.group_portal")

    def setUp(self):
        super().setUp()
        self.health = self.env["crm.customer.health"].sudo()
        self.customer = self._create_customer("Talked About", user_id=self.seller.id)
        self.invoice = self._invoice(
            500, partner_id=self.customer.id, invoice_date_due="2024-02-01"
        )
        self._flush()
        self.health._refresh(self.company)
        self.row = self._get_row_of(self.customer)

    def _get_row_of(self, customer):
        return self.health.search(
            [("partner_id", "=", customer.id), ("company_id", "=", self.company.id)]
        )

    def test_who_may_see_the_customer_speaks_and_reads(self):
        for user in (self.seller, self.biller):
            self.row.with_user(user).message_post(body=f"Called by {user.login}.")
        self.assertEqual(len(self.row.with_user(self.seller).message_ids), 2)
        for user in (self.other_seller, self.internal, self.portal):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.row.with_user(user).message_post(body="Who is it?")
                found = (
                    self.env["mail.message"]
                    .with_user(user)
                    .search([("body", "ilike", "Called by")])
                )
                self.assertFalse(found)

    def test_nobody_takes_anything_out(self):
        message = self.row.with_user(self.seller).message_post(body="Pays on Friday.")
        for user in (self.biller, self.other_seller):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    message.with_user(user).unlink()
                with self.assertRaises(AccessError):
                    message.with_user(user).write({"body": "Never pays."})

    def test_the_customer_is_not_addressed(self):
        self.customer.email = "talked@example.com"
        self.row.message_post(body="A note.", subtype_xmlid="mail.mt_comment")
        suggested = self.row._message_get_suggested_recipients()
        self.assertNotIn(self.customer.id, [value["partner_id"] for value in suggested])
        self.assertFalse(self.row.message_ids.notified_partner_ids)

    def test_followers_are_colleagues_who_may_see_the_customer(self):
        everybody = self.seller | self.other_seller | self.biller | self.internal | self.portal
        row = self.row.with_user(self.seller)
        row.message_subscribe((everybody.partner_id | self.customer).ids)
        self.assertEqual(self.row.message_partner_ids, (self.seller | self.biller).partner_id)

    def test_activities_are_for_who_may_see_the_customer(self):
        row = self.row.with_user(self.seller)
        activity = row.activity_schedule(
            "mail.mail_activity_data_call", summary="Call them", user_id=self.biller.id
        )
        self.assertEqual(activity.with_user(self.biller).summary, "Call them")
        for user in (self.other_seller, self.internal, self.portal):
            with self.subTest(user.login):
                with self.assertRaises(ValidationError):
                    row.activity_schedule("mail.mail_activity_data_call", user_id=user.id)
                with self.assertRaises(ValidationError):
                    activity.sudo().user_id = user
        for user in (self.other_seller, self.internal):
            with self.subTest(user.login):
                self.assertFalse(
                    self.env["mail.activity"].with_user(user).search([("id", "=", activity.id)])
                )
                with self.assertRaises(AccessError):
                    activity.with_user(user).read(["summary"])

    def test_nothing_is_seen_on_the_contact(self):
        self.row.activity_schedule("mail.mail_activity_data_call", user_id=self.seller.id)
        for user in (self.seller, self.internal):
            contact = self.customer.with_user(user)
            with self.subTest(user.login):
                self.assertFalse(contact.activity_ids)
                self.assertFalse(contact.activity_state)
                self.assertFalse(contact.activity_type_icon)

    def test_another_salesperson_takes_over(self):
        self.row.message_subscribe((self.seller | self.biller).partner_id.ids)
        kept = self.row.activity_schedule("mail.mail_activity_data_call", user_id=self.biller.id)
        left = self.row.activity_schedule("mail.mail_activity_data_call", user_id=self.seller.id)
        self.customer.user_id = self.other_seller
        self.row.invalidate_recordset()
        self.assertEqual(self.row.message_partner_ids, self.biller.partner_id)
        self.assertEqual(kept.user_id, self.biller)
        self.assertFalse(left.user_id, "it waits for somebody who may see the customer")

    def test_who_loses_a_right_is_swept_in_the_night(self):
        self.row.message_subscribe((self.seller | self.biller).partner_id.ids)
        self.biller.group_ids = self.env.ref("base.group_user")
        self.health._sweep_conversations()
        self.row.invalidate_recordset()
        self.assertEqual(self.row.message_partner_ids, self.seller.partner_id)

    def test_a_row_with_history_stays_and_is_empty(self):
        other = self._create_customer("Silent")
        other_invoice = self._invoice(500, partner_id=other.id)
        self._flush()
        self.health._refresh(self.company)
        message = self.row.message_post(body="They moved.")
        for invoice in (self.invoice, other_invoice):
            invoice.button_draft()
        (self.invoice | other_invoice).unlink()
        self._flush()
        for refresh in ("some", "all"):
            self.health._refresh(
                self.company, *([self.customer | other] if refresh == "some" else [])
            )
            with self.subTest(refresh):
                self.assertEqual(self._get_row_of(self.customer), self.row)
                self.assertRecordValues(
                    self.row,
                    [
                        {
                            "open_amount": 0.0,
                            "overdue_amount": 0.0,
                            "invoice_count": 0,
                            "last_invoice_date": False,
                            "health_status": "unknown",
                            "payment_risk": "unknown",
                            "needs_action": False,
                        }
                    ],
                )
                self.assertFalse(self._get_row_of(other))
        self.assertEqual(self.row.message_ids & message, message)
        self._invoice(70, partner_id=self.customer.id)
        self._flush()
        self.health._refresh(self.company, self.customer)
        self.assertEqual(self._get_row_of(self.customer), self.row)
        self.assertEqual(self.row.open_amount, 70.0)

    def test_merged_customers_keep_what_was_said(self):
        twin = self._create_customer("Talked About Ltd", user_id=self.seller.id)
        self._invoice(300, partner_id=twin.id)
        self._flush()
        self.health._refresh(self.company)
        gone = self._get_row_of(twin)
        said = gone.message_post(body="Twin said so.") | self.row.message_post(body="So did I.")
        activity = gone.activity_schedule(
            "mail.mail_activity_data_call", user_id=self.seller.id, date_deadline=date(2024, 3, 1)
        )
        done = gone.activity_schedule("mail.mail_activity_data_call", user_id=self.seller.id)
        done.action_feedback()
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .create({"name": "Letter", "res_model": gone._name, "res_id": gone.id, "raw": b"Dear"})
        )
        gone.message_subscribe(self.biller.partner_id.ids)
        self._flush()
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | twin).ids, self.customer
        )
        self.env.invalidate_all()
        self.assertFalse(gone.exists())
        self.assertEqual(self.row.message_ids & said, said)
        self.assertEqual(activity.res_id, self.row.id)
        self.assertEqual(done.res_id, self.row.id)
        self.assertEqual(attachment.res_id, self.row.id)
        self.assertIn(self.biller.partner_id, self.row.message_partner_ids)
        self.health._refresh(self.company, self.customer)
        self.assertEqual(self._get_row_of(self.customer), self.row)
        self.assertEqual(self.row.open_amount, 800.0)

    def test_merged_into_a_customer_without_row(self):
        twin = self._create_customer("Talked About Ltd")
        said = self.row.message_post(body="So did I.")
        self._flush()
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | twin).ids, twin
        )
        self.env.invalidate_all()
        self.assertEqual(self.row.partner_id, twin)
        self.assertEqual(self.row.message_ids & said, said)

    def test_a_deleted_customer_takes_everything_along(self):
        customer = self._create_customer("Never Invoiced")
        entry = self._opening(10.0, "2024-01-01", partner=customer)
        self._flush()
        self.health._refresh(self.company, customer)
        row = self._get_row_of(customer)
        message = row.message_post(body="Nobody.")
        entry.button_draft()
        entry.unlink()
        customer.unlink()
        self.assertFalse(row.exists())
        self.assertFalse(message.exists())
