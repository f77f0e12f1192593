from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw

from odoo.addons.crm_customer_health.tests.common import HealthCommon


class HoldCommon(HealthCommon):
    """A customer that owes 1,000 since long, and one that owes nothing.

    The company's policy asks to act from 100 on after a day, and blocks the documents that
    ``hold_setting`` of the policy is about. ``overrider`` may override their hold.
    """

    hold_setting = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._get_policy()
        cls.policy.write(
            {
                "threshold_ids": [Command.clear(), Command.create({"amount": 100, "days": 1})],
                cls.hold_setting: "block",
            }
        )
        cls.seller = cls._create_user("h-seller", "sales_team.group_sale_salesman")
        cls.late = cls._create_customer("Late Ltd", user_id=cls.seller.id)
        cls.prompt = cls._create_customer("Prompt Ltd", user_id=cls.seller.id)
        cls.claim = cls._invoice(1000.0, partner_id=cls.late.id)
        cls.env.cr.flush()
        cls.env["crm.customer.health"].sudo()._refresh(cls.company)

    def _override(self, documents, user=None, reason="The bank confirmed the transfer."):
        """As the button and the dialog do it, by who may."""
        user = user or self.overrider
        action = self._call(user, documents, "action_override_hold")
        wizard = (
            self.env[action["res_model"]]
            .with_user(user)
            .with_context(**action["context"])
            .create({"reason": reason})
        )
        self.assertTrue(wizard.hold_reason)
        self._call(user, wizard, "action_override")
        self._flush()

    def assertForgotten(self, model, uninstall_hook):
        """Odoo does not remember that a model that stays had our mixin."""
        mixins = (
            self.env["ir.model.inherit"]
            .sudo()
            .search([("model_id.model", "=", model), ("parent_id.model", "=like", "crm.%")])
        )
        names = self.env["ir.model.data"].sudo()
        domain = [("model", "=", "ir.model.inherit"), ("res_id", "in", mixins.ids)]
        self.assertTrue(names.search(domain))
        uninstall_hook(self.env(su=True))
        self.assertFalse(mixins.exists())
        self.assertFalse(names.search(domain))

    def _call(self, user, record, method, *args):
        """As the external API does."""
        return call_kw(record.with_user(user).browse(), method, [record.ids, *args], {})


class HoldRoles:
    """Tests for each kind of documents that can be held: who decides about a hold, as by the
    external API. ``_create_held()`` makes such a document; only ``deciding`` may override its hold.
    """

    allow_inherited_tests_method = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sales, accounting = "sales_team.group_sale_", "account.group_account_"
        cls.other_seller = cls._create_user("h-other", f"{sales}salesman")
        cls.leader = cls._create_user("h-leader", f"{sales}salesman_all_leads")
        cls.sale_manager = cls._create_user("h-sale-manager", f"{sales}manager")
        cls.biller = cls._create_user("h-biller", f"{accounting}invoice")
        cls.accountant = cls._create_user("h-accountant", f"{accounting}manager")
        cls.internal = cls._create_user("h-internal", "base.group_user")
        cls.portal = cls._create_user("h-portal", "base.group_portal")

    def test_deciding_roles_override(self):
        for user in self.deciding:
            with self.subTest(user.login):
                document = self._create_held()
                self.assertTrue(document.with_user(user).can_override_hold)
                self._override(document, user)
                self.assertEqual(document.sudo().hold_override_id.overridden_by_id, user)
                self.assertFalse(document.is_held)

    def test_others_cannot_override(self):
        document = self._create_held()
        wizards = self.env["crm.customer.hold.override.wizard"]
        values = {"res_model": document._name, "res_ids": str(document.id), "reason": "Mine"}
        wizard_of_other = wizards.with_user(self.deciding[0]).create(values)
        for user in self.others:
            with self.subTest(user.login):
                self.assertFalse(document.with_user(user).can_override_hold)
                for attempt in (
                    lambda user=user: self._call(user, document, "action_override_hold"),
                    lambda user=user: wizards.with_user(user).create(values).action_override(),
                    lambda user=user: self._call(user, wizard_of_other, "action_override"),
                    lambda user=user: self._call(user, document, "_override_hold", "Mine"),
                    lambda user=user: document.with_user(user)._override_hold("Mine"),
                ):
                    with self.assertRaises(AccessError):
                        attempt()
        self.assertFalse(document.sudo().hold_override_id)

    def test_who_may_not_decide_asks(self):
        """Once; who decides is told without an amount, and has it in the list."""
        document = self._create_held()
        asker = self.asker
        self.assertIn(self.accountant.name, document.with_user(asker).hold_deciders)
        self._call(asker, document, "action_ask_for_release")
        self._flush()
        self.assertEqual(document.hold_asked_on, self._date("2024-04-10"))
        told = (
            self.env["mail.message"]
            .sudo()
            .search([("res_id", "=", document.id), ("model", "=", document._name)])
        )
        notified = told.filtered("notified_partner_ids")
        self.assertIn(self.accountant.partner_id, notified.notified_partner_ids)
        self.assertNotIn("1,000", "".join(told.mapped("body")))
        self._call(asker, document, "action_ask_for_release")
        again = (
            self.env["mail.message"]
            .sudo()
            .search_count([("res_id", "=", document.id), ("model", "=", document._name)])
        )
        self.assertEqual(again, len(told), "once")
        document.with_user(self.accountant)._reject_hold()
        self.assertFalse(document.hold_asked_on, "decided")
        self._call(asker, document, "action_ask_for_release")
        self._override(document, self.accountant)
        self.assertFalse(document.hold_asked_on)
        with self.assertRaisesRegex(UserError, "go on"):
            self._call(asker, document, "action_ask_for_release")
        with self.assertRaises(AccessError):
            self._call(self.portal, document, "action_ask_for_release")

    def test_several_are_asked_for_at_once(self):
        """Who decides gets one message, whatever the number of documents."""
        documents = self._create_held() | self._create_held()
        inbox = self.env["mail.message"].sudo()
        domain = [("notified_partner_ids", "in", self.accountant.partner_id.ids)]
        before = inbox.search_count(domain)
        self._call(self.asker, documents, "action_ask_for_release")
        [message] = inbox.search(domain, order="id desc", limit=inbox.search_count(domain) - before)
        for document in documents:
            self.assertIn(document.display_name, message.body)
            self.assertTrue(document.hold_asked_on)

    def test_who_decides_sees_what_the_customer_did(self):
        self._pay(self.claim, 400.0, date="2024-04-05")
        self._flush()
        document = self._create_held()
        reason = document.with_user(self.accountant).hold_reason
        self.assertIn("600.00", reason)
        self.assertIn("Since then it paid $\xa0400.00, last on 04/05/2024.", reason)
        if "crm.payment.promise" in self.env:
            self.env["crm.payment.promise"].create(
                {"partner_id": self.late.id, "amount": 600.0, "date": "2024-04-20"}
            )
            document.invalidate_recordset(["hold_reason"])
            reason = document.with_user(self.accountant).hold_reason
            self.assertIn("It promised $\xa0600.00 by 04/20/2024.", reason)

    def test_nobody_writes_the_override(self):
        document = self._create_held()
        document.with_user(self.deciding[0])._override_hold("Agreed")
        override = document.sudo().hold_override_id
        other = self._create_held()
        for user in (*self.deciding, *self.others):
            documents = other.with_user(user)
            with self.subTest(user.login):
                for attempt in (
                    lambda documents=documents: documents.hold_override_id,
                    lambda documents=documents: documents.write({"hold_override_id": override.id}),
                    lambda documents=documents: documents.copy({"hold_override_id": override.id}),
                    lambda documents=documents: documents.search([("hold_override_id", "!=", 0)]),
                    lambda user=user: override.with_user(user).write({"reason": "Other"}),
                    lambda user=user: override.with_user(user).unlink(),
                ):
                    with self.assertRaises(AccessError):
                        attempt()

    def test_dialog_is_its_creators(self):
        """Somebody else who may override neither reads nor rewrites it."""
        documents = self._create_held()
        others = [self.sale_manager, self.accountant]
        for user in others:
            if not documents.with_user(user)._may_override_hold():
                continue
            dialog = (
                self.env["crm.customer.hold.override.wizard"]
                .with_user(user)
                .create({"res_model": documents._name, "res_ids": "1", "reason": "Mine"})
            )
            for stranger in (self.sale_manager, self.accountant):
                if stranger == user:
                    continue
                for method, args in (("read", [["reason"]]), ("write", [{"reason": "Theirs"}])):
                    with self.subTest(stranger.login), self.assertRaises(AccessError):
                        self._call(stranger, dialog, method, *args)

    def test_policy_is_for_administrators(self):
        documents = self.env[self._create_held()._name]
        policy = self.policy.with_context(tracking_disable=False, mail_notrack=False)
        for user, mode in ((self.sale_manager, "warn"), (self.accountant, "block")):
            policy.with_user(user)[self.hold_setting] = mode
            self.assertEqual(documents._get_hold_mode(self.company), mode)
            self._flush()
        self.assertIn(
            self.hold_setting,
            self.policy.message_ids.sudo().tracking_value_ids.field_id.mapped("name"),
        )
        for user in (self.seller, self.leader, self.biller, self.internal, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.policy.with_user(user)[self.hold_setting] = "off"


class HoldOverrides:
    """Tests for each kind of documents that can be held: what an override is for, and its end.

    ``_create_held()`` makes such a document, ``_grow(document)`` makes it larger and
    ``_shrink(document)`` smaller.
    """

    allow_inherited_tests_method = True

    def assertHeld(self, document, status):
        """List, filter, banner and check agree about whether a hold stops the document."""
        self._flush()
        is_held = status == "held"
        self.assertEqual(document.hold_status, status)
        self.assertEqual(document.is_held, is_held)
        self.assertEqual(bool(document.hold_reason), is_held)
        self.assertEqual(document.is_hold_blocking, is_held)
        self.assertEqual(bool(document.hold_override_note), status == "overridden")
        self.assertEqual(document in document.search([("is_held", "=", True)]), is_held)
        self.assertEqual(bool(document._get_blocked()), is_held)

    def _owe(self, amount):
        invoice = self._invoice(amount, partner_id=self.late.id)
        self._refresh(partners=self.late)
        return invoice

    def test_override_is_for_what_was_owed(self):
        document = self._create_held()
        self._override(document)
        self.assertHeld(document, "overridden")
        override = document.sudo().hold_override_id
        self.assertEqual(override.overdue_amount, 1000.0)
        more = self._owe(0.01)
        self.assertHeld(document, "held")
        self.assertEqual(document.sudo().hold_override_id, override, "who let it pass is known")
        self._pay(more, date="2024-04-10")
        self._refresh(partners=self.late)
        self.assertHeld(document, "overridden")
        self._owe(500.0)
        self._override(document)
        self.assertHeld(document, "overridden")
        self.assertEqual(document.sudo().hold_override_id.overdue_amount, 1500.0)

    def test_override_before_figures_are_stored(self):
        """What is owed is known at once, the stored figures follow: it counts before and after."""
        document = self._create_held()
        self._invoice(500.0, partner_id=self.late.id)
        self._override(document)
        self.assertHeld(document, "overridden")
        self.assertEqual(document.sudo().hold_override_id.overdue_amount, 1500.0)
        self._refresh(partners=self.late)
        self.assertHeld(document, "overridden")
        other = self._create_held()
        self._pay(self.claim, date="2024-04-10")
        self._override(other)
        self.assertHeld(other, "overridden")

    def test_override_is_for_the_document_as_it_was(self):
        document = self._create_held()
        self._override(document)
        self._shrink(document)
        self.assertHeld(document, "overridden")
        self._grow(document)
        self.assertHeld(document, "held")
        self._override(document)
        self.assertHeld(document, "overridden")

    def test_override_ends_with_the_release(self):
        document = self._create_held()
        self._override(document)
        override = document.sudo().hold_override_id
        self._pay(self.claim, 950.0, date="2024-04-10")
        self._refresh(partners=self.late)
        self.assertHeld(document, False)
        self._owe(900.0)
        self.assertHeld(document, "held")
        self.assertTrue(override.exists(), "the log stays")
        self._override(document)
        self.late.hold_policy = "never"
        self.late.hold_policy = "automatic"
        self.assertHeld(document, "held")

    def test_document_without_company_is_not_held(self):
        """As in a form where the company is being chosen."""
        self.late.hold_policy = "always"
        document = self._create_held()
        document = document.new({"partner_id": self.late.id, "company_id": False}, origin=document)
        self.assertFalse(document.is_held)
        self.assertFalse(document.hold_reason)

    def test_nothing_is_selected(self):
        documents = self._create_held().browse().with_user(self.overrider)
        with self.assertRaises(UserError):
            documents.action_override_hold()

    def test_odd_numbers(self):
        document = self._create_held()
        for numbers in ("abc", f"{document.id},", "-1", "1.5"):
            wizard = self.env["crm.customer.hold.override.wizard"].create(
                {"res_model": document._name, "res_ids": numbers, "reason": "Because."}
            )
            with self.subTest(numbers), self.assertRaises(ValidationError):
                wizard.action_override()
