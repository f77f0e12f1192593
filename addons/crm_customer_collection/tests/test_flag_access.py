from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..hooks import uninstall_hook
from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestFlagAccess(FlagCommon):
    """That a customer was flagged is for who may see it, whichever way it is asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls._create_user("f-plain", "base.group_user")
        # Who may write contacts may write the activities on them.
        cls.editor = cls._create_user(
            "f-editor", "sales_team.group_sale_salesman,base.group_partner_manager"
        )
        cls.auditor = cls._create_user("f-auditor", "account.group_account_readonly")
        cls.biller = cls._create_user(
            "f-biller", "account.group_account_invoice,base.group_partner_manager"
        )

    def setUp(self):
        super().setUp()
        self._overdue(1000.0)
        self._morning()
        self.activity = self._get_activities()
        self.blind = (self.plain, self.editor, self.other_seller)
        self.seeing = (self.seller, self.leader, self.biller)

    def test_the_contact_tells_nothing(self):
        """Neither its fields nor a search by them, to anybody: the activity is on the row."""
        portal = self._create_user("f-portal", "base.group_portal")
        self.customer.user_ids = portal
        for user in (*self.seeing, *self.blind, portal):
            self.env.invalidate_all()
            partners = self.env["res.partner"].with_user(user)
            with self.subTest(user.login):
                contact = partners.browse(self.customer.id)
                self.assertFalse(contact.activity_type_icon)
                if user != portal:
                    self.assertFalse(contact.activity_exception_icon)
                    self.assertFalse(contact.activity_ids)
                    self.assertFalse(contact.activity_state)
                    self.assertFalse(contact.activity_summary)
                    self.assertFalse(
                        partners.search(
                            [("id", "=", self.customer.id), ("activity_state", "!=", False)]
                        )
                    )

    def test_the_row_is_asked(self):
        """Who is flagged is found by who may see the customer."""
        for user in self.seeing + self.blind:
            activities = self.env["mail.activity"].with_user(user)
            with self.subTest(user.login):
                found = activities.search([("summary", "ilike", "Overdue")])
                self.assertEqual(self.activity in found, user in self.seeing)
                flagged = (
                    self.env["res.partner"]
                    .with_user(user)
                    .search_count([("activity_ids", "any", [("summary", "ilike", "Overdue")])])
                )
                self.assertFalse(flagged)

    def test_activities_of_others_cannot_be_changed(self):
        other_type = self.env.ref("mail.mail_activity_data_call")
        for user in (*self.blind, self.leader, self.biller):
            activity = self.activity.with_user(user)
            for name, attempt in {
                "write": lambda activity=activity: activity.write(
                    {"activity_type_id": other_type.id}
                ),
                "unlink": lambda activity=activity: activity.unlink(),
                "done": lambda activity=activity: activity.action_feedback(),
            }.items():
                with self.subTest(user.login, name=name), self.assertRaises(AccessError):
                    attempt()
        self.assertNotEqual(self.activity.activity_type_id, other_type)

    def test_deleted_type_hides_as_much(self):
        self.env.ref("crm_customer_collection.mail_activity_type_overdue").sudo().unlink()
        late = self._create_customer("Later", user_id=self.seller.id)
        self._overdue(1000.0, late)
        self._morning("2024-03-02 08:00:00")
        with self.assertRaises(AccessError):
            self._get_flag(late).activity_id.with_user(self.other_seller).read(["summary"])

    def test_nothing_stays_when_the_addon_goes(self):
        self.activity.activity_type_id = self.env.ref("mail.mail_activity_data_call")
        other = self.customer.activity_schedule(
            "mail.mail_activity_data_call", user_id=self.seller.id
        )
        uninstall_hook(self.env(su=True))
        self.assertFalse(self.activity.exists())
        self.assertTrue(other.exists())

    def test_dialog_tells_no_amount(self):
        health = self._get_rows()[self.customer]
        wizards = self.env["crm.payment.promise.wizard"]
        values = {"health_ids": [(6, 0, health.ids)]}
        asked = {"health_ids": {}, "amount": {}}
        answer = wizards.with_user(self.seller).onchange(values, ["health_ids"], asked)
        self.assertEqual(answer["value"]["amount"], 1000.0)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizards.with_user(self.other_seller).onchange(values, ["health_ids"], asked)

    def test_auditors_change_nothing(self):
        values = {"partner_id": self.customer.id, "company_id": self.company.id}
        promise = self.env["crm.payment.promise"].create(
            {**values, "amount": 10, "date": "2024-03-02"}
        )
        exclusion = self.env["crm.customer.flag.exclusion"].create(
            {**values, "until": "2024-03-31", "reason": "Agreed."}
        )
        for attempt in (
            promise.with_user(self.auditor).action_withdraw,
            exclusion.with_user(self.auditor).action_end,
            self.customer.with_user(self.auditor).action_flag_to_sales,
        ):
            with self.subTest(attempt.__name__), self.assertRaises(AccessError):
                attempt()
        self.assertEqual(promise.state, "running")
        self.assertFalse(exclusion.ended_on)

    def test_logs_are_written_as_things_are(self):
        """A salesperson can neither date back nor say that somebody else did something."""
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": self.customer.id})
        values = {"partner_id": contact.id, "company_id": self.company.id}
        promise = (
            self.env["crm.payment.promise"]
            .with_user(self.seller)
            .create(
                {
                    **values,
                    "amount": 10,
                    "date": "2024-03-09",
                    "made_on": "2024-02-01",
                    "paid_amount": 10,
                    "state": "kept",
                    "recorded_by_id": self.leader.id,
                    "withdrawn_by_id": self.leader.id,
                }
            )
        )
        self.assertRecordValues(
            promise.sudo(),
            [
                {
                    "partner_id": self.customer.id,
                    "made_on": self._date("2024-03-01"),
                    "paid_amount": 0.0,
                    "state": "running",
                    "recorded_by_id": self.seller.id,
                    "withdrawn_by_id": False,
                }
            ],
        )
        exclusions = self.env["crm.customer.flag.exclusion"].with_user(self.seller)
        exclusion = exclusions.create(
            {
                **values,
                "until": "2024-03-31",
                "reason": "Agreed.",
                "ended_on": "2024-03-01",
                "ended_by_id": self.leader.id,
            }
        )
        self.assertRecordValues(
            exclusion.sudo(),
            [{"partner_id": self.customer.id, "ended_on": False, "ended_by_id": False}],
        )
        with self.assertRaises(ValidationError):
            exclusions.create({**values, "until": "2024-03-31", "reason": "   "})
