from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests.overdue_common import OverdueCommon


@tagged("post_install", "-at_install")
class TestHold(OverdueCommon):
    """Who is on hold, by policy or by decision; what it means for documents, other addons test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user(
            "f-manager", "sales_team.group_sale_manager,base.group_partner_manager"
        )
        cls.leader = cls._create_user("f-leader", "sales_team.group_sale_salesman_all_leads")
        cls.biller = cls._create_user("f-biller", "account.group_account_invoice")
        cls.sound = cls._create_customer("Sound")

    def _get_holds(self, company=None):
        self._flush()
        return (self.customer | self.sound)._get_holds(company or self.company)

    def _get_held(self, company=None):
        self._refresh(company)
        query = self.env["res.partner"]._get_held_query(company or self.company)
        return self.env["res.partner"].browse(query.get_result_ids())

    def _watch_releases(self):
        """What documents are told of customers that are not held any more: a list that grows."""
        told = []
        self.patch(
            type(self.env["res.partner"]),
            "_on_released",
            lambda customers, company: told.append((company, customers)),
        )
        return told

    def test_held_by_policy_until_paid(self):
        invoice = self._overdue(1000.0)
        self._overdue(1000.0, self.sound, invoice_date_due="2024-06-01")
        holds = self._get_holds()
        self.assertEqual(list(holds), [self.customer.id])
        sentence = holds[self.customer.id].reason
        for text in ("Slow & Sons", "1,000.00", "02/09/2024", "21 days"):
            self.assertIn(text, sentence)
        self.assertEqual(self._get_held(), self.customer)
        self._pay(invoice, date="2024-03-01")
        self.assertFalse(self._get_holds(), "at once, before any scheduled action")
        self.assertFalse(self._get_held())

    def test_below_the_policy_is_not_held(self):
        self._overdue(499.0)
        self.assertFalse(self._get_holds())
        self.assertFalse(self._get_held())

    def test_thresholds_that_were_only_proposed_hold_nobody(self):
        invoice = self._overdue(1000.0)
        self.sound.hold_policy = "always"
        self.policy.are_thresholds_proposed = True
        self.assertEqual(list(self._get_holds()), [self.sound.id], "by decision")
        self.assertEqual(self._get_held(), self.sound)
        told = self._watch_releases()
        self._pay(invoice, amount=600.0, date="2024-03-01")
        self._refresh()
        self.assertFalse(told, "who was not held is not released")
        self._overdue(1000.0)
        self.policy.with_user(self.manager).action_confirm_thresholds()
        self.assertEqual(set(self._get_holds()), {self.customer.id, self.sound.id})
        self.assertEqual(self._get_held(), self.customer | self.sound)

    def test_always_and_never(self):
        self._overdue(1000.0)
        self.customer.hold_policy = "never"
        self.sound.hold_policy = "always"
        holds = self._get_holds()
        self.assertEqual(list(holds), [self.sound.id])
        self.assertEqual(
            holds[self.sound.id].reason, "Sound is on hold by decision for this customer."
        )
        self.assertEqual(self._get_held(), self.sound)

    def test_contacts_are_held_with_their_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.customer.id, "type": "contact"}
        )
        self._overdue(1000.0)
        self._flush()
        self.assertEqual(list(contact._get_holds(self.company)), [contact.id])

    def test_decided_for_a_contact_is_decided_for_its_company(self):
        contact = self.env["res.partner"].create({"name": "Clerk", "parent_id": self.sound.id})
        (contact | self.customer).with_user(self.manager).write(
            {"hold_policy": "always", "comment": "Talk to the boss"}
        )
        self.assertEqual(self.sound.hold_policy, "always")
        self.assertEqual(self.customer.hold_policy, "always")
        self.assertNotEqual(contact.hold_policy, "always")
        self.assertIn("Talk to the boss", contact.comment)
        self.assertFalse(self.sound.comment)
        self.assertIn(self.sound.id, self._get_holds())
        contact.with_user(self.manager).hold_policy = "never"
        self.assertEqual(self.sound.hold_policy, "never")

    def test_companies_decide_apart(self):
        other = self.setup_other_company(name="Second")["company"]
        self._overdue(1000.0)
        self.sound.with_company(other).hold_policy = "always"
        self.assertEqual(list(self._get_holds()), [self.customer.id])
        self.assertEqual(list(self._get_holds(other)), [self.sound.id])
        self.assertEqual(self._get_held(other), self.sound)

    def test_archived_customer_is_held(self):
        self._overdue(1000.0)
        self.customer.active = False
        self.assertIn(self.customer.id, self._get_holds())
        self.assertIn(self.customer, self._get_held())

    def test_decision_is_logged_whatever_the_context(self):
        silent = {"tracking_disable": True, "mail_notrack": True, "mail_create_nolog": True}
        self.customer.with_user(self.manager).with_context(**silent).hold_policy = "never"
        log = (
            self.env["crm.accounting.log"]
            .sudo()
            .search([("res_model", "=", "res.partner"), ("res_id", "=", self.customer.id)])
        )
        self.assertEqual(
            (log.user_id, log.company_id, log.field_name, log.old_value, log.new_value),
            (self.manager, self.company, "hold_policy", "By Policy", "Never on Hold"),
        )

    def test_disputed_is_not_held(self):
        invoice = self._overdue(1000.0)
        invoice.payment_state = "blocked"
        self.assertFalse(self._get_holds())

    def test_who_may_decide(self):
        self.customer.with_user(self.manager).hold_policy = "never"
        self.assertEqual(self.customer.hold_policy, "never")
        for user in (self.seller, self.leader, self.biller):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).write({"hold_policy": "always"})
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).read(["hold_policy"])
                with self.assertRaises(AccessError):
                    self.env["res.partner"].with_user(user).search([("hold_policy", "=", "never")])

    def test_decision_stays_in_the_chatter_of_the_row(self):
        self._overdue(1000.0)
        self._refresh()
        row = self.customer._get_health_of_companies(self.company)
        before = self.customer.message_ids, row.message_ids
        self.customer.with_user(self.manager).hold_policy = "never"
        self.customer.with_user(self.manager).hold_policy = "never"
        self._flush()
        self.assertEqual(self.customer.message_ids, before[0], "everybody reads the contact's")
        message = row.message_ids - before[1]
        self.assertIn("Hold: Never on Hold", str(message.body))
        self.assertEqual(message.author_id, self.manager.partner_id)
        with self.assertRaises(AccessError):
            message.with_user(self.manager).unlink()
        internal = self._create_user("h-internal", "base.group_user")
        with self.assertRaises(AccessError):
            message.with_user(internal).read(["body"])

    def test_released_is_told_once(self):
        """The hook by which documents learn that their customer is not held any more."""
        told = self._watch_releases()
        invoice = self._overdue(1000.0)
        self._refresh()
        self.assertFalse(told)
        self._pay(invoice, 600.0, date="2024-03-01")
        self._refresh(partners=self.customer)
        self.assertEqual(told, [(self.company, self.customer)])
        self._refresh()
        self.assertEqual(len(told), 1)

    def test_released_by_decision(self):
        told = self._watch_releases()
        self._overdue(1000.0)
        contact = self.env["res.partner"].create({"name": "Clerk", "parent_id": self.customer.id})
        both = self.customer | self.sound
        self._flush()
        both.with_user(self.manager).hold_policy = "always"
        both.with_user(self.manager).hold_policy = "automatic"
        self.assertEqual(told, [(self.company, self.sound)], "the other one still owes")
        both.with_user(self.manager).hold_policy = "never"
        self.assertEqual(told[1:], [(self.company, self.customer)])
        (both | contact).with_user(self.manager).hold_policy = "never"
        self.assertEqual(len(told), 2)

    def test_released_in_the_company_of_the_decision(self):
        told = self._watch_releases()
        other = self.setup_other_company(name="Second")["company"]
        self.sound.with_company(other).hold_policy = "always"
        self.sound.hold_policy = "never"
        self.assertFalse(told)
        self.sound.with_company(other).hold_policy = "never"
        self.assertEqual(told, [(other, self.sound)])

    def test_decided_customers_are_not_released(self):
        told = self._watch_releases()
        self.customer.hold_policy = "always"
        self.sound.hold_policy = "never"
        invoices = self._overdue(1000.0) | self._overdue(1000.0, self.sound)
        self._refresh()
        for invoice in invoices:
            self._pay(invoice, date="2024-03-01")
        self._refresh()
        self.assertFalse(told)

    def test_released_when_nothing_is_left(self):
        """A customer without any document left has no row any more."""
        told = self._watch_releases()
        invoice = self._overdue(1000.0)
        self._refresh()
        invoice.button_draft()
        invoice.unlink()
        self._refresh()
        self.assertEqual(told, [(self.company, self.customer)])

    def test_nothing_else_is_overridden(self):
        """The wizard overrides holds of documents that can be held only."""
        for model in ("res.partner", "crm.customer.hold.mixin", "no.model"):
            wizard = self.env["crm.customer.hold.override.wizard"].create(
                {"res_model": model, "res_ids": str(self.customer.id), "reason": "Because."}
            )
            with self.assertRaises(ValidationError):
                wizard.action_override()
