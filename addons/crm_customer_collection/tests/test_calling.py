from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Date
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crm_customer_health.models import account_move

from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestCalling(FlagCommon):
    """To Call Today: who is in the list, what it says, and what its buttons do."""

    def setUp(self):
        super().setUp()
        self.customer.phone = "+1 555 0199"
        self.invoice = self._overdue(1000.0)
        self._pay(self.invoice, amount=100.0, date="2024-02-20")
        self._morning()
        self.flag = self._get_flag()

    def _to_call(self, user=None):
        """What the menu item shows, with its filter."""
        action = self.env.ref("crm_customer_collection.crm_customer_flag_calling_action").sudo()
        domain = safe_eval(action.domain)
        flags = self.env["crm.customer.flag"].with_user(user or self.seller)
        return flags.search([*domain, ("assigned_id", "=", flags.env.uid)])

    def _promise(self, date, amount=900.0, **values):
        return (
            self.env["crm.payment.promise"]
            .with_user(self.seller)
            .create(
                {
                    "company_id": self.company.id,
                    "partner_id": self.customer.id,
                    "date": date,
                    "amount": amount,
                    **values,
                }
            )
        )

    def _done(self, user=None, note="Talked to Anna."):
        action = self.flag.with_user(user or self.seller).action_ask_what_was_done()
        dialog = Form(
            self.env[action["res_model"]]
            .with_user(user or self.seller)
            .with_context(**action["context"])
        )
        dialog.note = note
        return dialog.save().action_done()

    def test_what_one_has_to_know_on_the_phone(self):
        [flag] = self._to_call()
        self.assertEqual(flag.partner_id, self.customer)
        self.assertEqual(
            (flag.phone, flag.overdue_now, flag.days_overdue, flag.last_payment_date),
            ("+1 555 0199", 900.0, 21, Date.to_date("2024-02-20")),
        )
        self.assertFalse(flag.last_promise_state)
        self.assertFalse(self._to_call(self.other_seller))

    def test_promise_comes_back_on_its_day(self):
        self._promise("2024-03-06")
        self.assertFalse(self._to_call(), "until the promised day")
        self.assertEqual(self.flag.call_on, Date.to_date("2024-03-06"))
        self._morning("2024-03-07 08:00:00")
        [flag] = self._to_call()
        self.assertEqual(
            (flag.last_promise_date, flag.last_promise_state),
            (Date.to_date("2024-03-06"), "broken"),
        )

    def test_withdrawn_promise_says_nothing(self):
        self._promise("2024-03-06").action_withdraw()
        [flag] = self._to_call()
        self.assertFalse(flag.last_promise_state)

    def test_done_with_a_note(self):
        self._done()
        self.assertFalse(self._to_call())
        self.assertFalse(self.flag.call_on)
        self.assertTrue(self.flag.is_done)
        self.assertEqual(self.flag.done_note, "Talked to Anna.")
        self.assertIn("Talked to Anna.", "".join(self._get_row().message_ids.mapped("body")))
        self._morning("2024-03-04 08:00:00")
        self.assertFalse(self._to_call(), "silent until the customer owes more")

    def test_who_is_done(self):
        with self.assertRaises(AccessError):
            self._done(self.other_seller)
        self.assertTrue(self.flag.call_on)
        self._done(self.leader, note="Wrote to them.")
        self.assertEqual(self.flag.done_note, "Wrote to them.")

    def test_others_do_not_see_the_dialog_of_somebody(self):
        action = self.flag.with_user(self.seller).action_ask_what_was_done()
        dialogs = self.env[action["res_model"]]
        dialog = dialogs.with_user(self.seller).create({"flag_id": self.flag.id, "note": "Mine"})
        for user in (self.leader, self.other_seller, self.fallback):
            with self.subTest(user.login), self.assertRaises(AccessError):
                dialog.with_user(user).read(["note"])

    def test_paid_is_not_called(self):
        self._pay(self.invoice, date="2024-03-01")
        self._refresh()
        self.assertFalse(self._to_call())

    def test_list_costs_the_same_for_2_and_20(self):
        def read():
            self.env.invalidate_all()
            flags = self._to_call()
            before = self.env.cr.sql_log_count
            flags.read(
                [
                    "phone",
                    "overdue_now",
                    "days_overdue",
                    "last_payment_date",
                    "last_promise_state",
                    "last_promise_date",
                    "call_on",
                    "may_be_done",
                    "is_done",
                    "done_note",
                ]
            )
            return len(flags), self.env.cr.sql_log_count - before

        def create_customers(count):
            for __ in range(count):
                partner = self._create_customer("More", user_id=self.seller.id)
                self._overdue(1000.0, partner)
            self._morning()

        create_customers(1)
        read()
        few, statements = read()
        create_customers(18)
        self.assertEqual((few, read()), (2, (20, statements)))


@tagged("post_install", "-at_install")
class TestOpenItems(FlagCommon):
    """Open Items: what all customers owe, with days, promise and what was never sent."""

    def setUp(self):
        super().setUp()
        self.sent = self._overdue(1000.0, is_move_sent=True)
        self.unsent = self._overdue(300.0, invoice_date_due="2024-02-20")
        self.later = self._overdue(50.0, invoice_date_due="2024-04-20")
        self.disputed = self._overdue(70.0)
        self.disputed.payment_state = "blocked"
        self._refresh()

    def _items(self):
        action = self.env.ref("crm_customer_health.account_move_line_open_items_action").sudo()
        domain = [*safe_eval(action.domain), ("company_id", "=", self.company.id)]
        # Another request: what it computed before is not known any more.
        self.env.invalidate_all()
        return self.env["account.move.line"].with_user(self.fallback).search(domain)

    def test_days(self):
        self._opening(-20.0, "2024-02-01", partner=self.customer)
        days = {line.move_id: line.days_overdue for line in self._items()}
        credit = set(days) - {self.sent, self.unsent, self.later, self.disputed}
        self.assertEqual(
            [days[move] for move in (self.sent, self.unsent, self.later, self.disputed)],
            [21, 10, 0, 0],
        )
        self.assertEqual([days[move] for move in credit], [0], "money of the customer")
        self._refresh()
        total = sum(line.amount_residual for line in self._items())
        self.assertEqual(total, sum(row.net_amount for row in self._get_rows().values()))

    def test_promise(self):
        self.assertFalse(any(self._items().mapped("promise_date")))
        promise = self.env["crm.payment.promise"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "date": "2024-03-10",
                "amount": 500.0,
            }
        )
        self.assertEqual(
            self._items().mapped("promise_date"),
            [Date.to_date("2024-03-10")] * 4,
        )
        row = self._get_row()
        row.invalidate_recordset()
        self.assertEqual(row.promise_date, Date.to_date("2024-03-10"))
        needs_action = self.env["crm.customer.health"].search(
            [("needs_action", "=", True), ("has_promised", "=", False)]
        )
        self.assertNotIn(row, needs_action, "until its day")
        promise.action_withdraw()
        self.assertFalse(any(self._items().mapped("promise_date")))

    def test_never_sent(self):
        row = self._get_row()
        self.assertEqual(row.unsent_amount, 300.0)
        self.assertIn("300.00", row.health_reasons.split("\n")[1])
        self.assertIn("never sent", row.health_reasons.split("\n")[1])
        self.assertIn("never sent", row.overdue_facts)
        self.unsent.is_move_sent = True
        self._refresh()
        self.assertEqual(row.unsent_amount, 0.0)
        self.assertNotIn("never sent", row.health_reasons)

    def test_rejected_by_a_network(self):
        """Whichever is installed: its field and its states are all that counts."""
        with patch.dict(account_move.REJECTED, {"ref": ["rejected"]}, clear=True):
            self.sent.ref = "rejected"
            self._refresh()
            row = self._get_row()
            overdue = self.sent.amount_residual
            self.assertEqual((row.unsent_amount, row.rejected_amount), (300.0, overdue))
            self.assertIn("rejected by the e-invoice network", row.health_reasons.split("\n")[1])
            self.assertIn("rejected by the e-invoice network", row.overdue_facts)
            line = self.sent.line_ids.filtered("date_maturity")
            self.assertTrue(line.is_move_rejected)
            self.sent.ref = "arrived"
            self._refresh()
            self.assertEqual(row.rejected_amount, 0.0)
        with patch.dict(account_move.REJECTED, clear=True):
            self._refresh()
            self.assertEqual(self._get_row().rejected_amount, 0.0, "no network is installed")

    def test_company_that_sends_nothing_from_odoo(self):
        self.sent.is_move_sent = False
        self._refresh()
        self.assertEqual(self._get_row().unsent_amount, 0.0)

    def test_diagnosis_lists_the_items_for_accounting(self):
        row = self._get_row().with_user(self.fallback)
        self.assertEqual(
            row.open_item_ids.move_id, self.sent + self.unsent + self.later + self.disputed
        )
        self.assertEqual(row.open_item_ids[0].move_id, self.sent, "the longest due first")
        with self.assertRaises(AccessError):
            row.with_user(self.seller).read(["open_item_ids"])
