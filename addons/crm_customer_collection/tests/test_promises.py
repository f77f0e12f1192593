from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestPromises(FlagCommon):
    """A promise is kept or broken as the journals say; while it runs nobody is flagged."""

    def _promise(self, amount=1000.0, day="2024-03-10", **values):
        return self.env["crm.payment.promise"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.customer.id,
                "amount": amount,
                "date": day,
                **values,
            }
        )

    def assertPromise(self, promise, state, paid):
        self._refresh(partners=self.customer)
        self.assertRecordValues(promise, [{"state": state, "paid_amount": paid}])

    def test_running_then_kept(self):
        invoice = self._overdue(1000.0)
        promise = self._promise()
        self.assertEqual(promise.recorded_by_id, self.env.user)
        self.assertEqual(promise.made_on, date(2024, 3, 1))
        self.assertPromise(promise, "running", 0.0)
        self._pay(invoice, 400.0, date="2024-03-05")
        self.assertPromise(promise, "running", 400.0)
        self._pay(invoice, 600.0, date="2024-03-10")
        self.assertPromise(promise, "kept", 1000.0)

    def test_limits_of_the_policy(self):
        """A cent for next year would keep flags away for nothing."""
        self.policy.write({"promise_least_amount": 50, "promise_longest_days": 30})
        self._overdue(1000.0)
        self._refresh()
        for amount, day in ((49.99, "2024-03-10"), (0.01, "2024-03-10"), (50.0, "2024-04-01")):
            with self.subTest(amount=amount, day=day), self.assertRaises(ValidationError):
                self._promise(amount, day)
        self.assertTrue(self._promise(50.0, "2024-03-31"))
        self.policy.promise_longest_days = 0
        self.assertTrue(self._promise(50.0, "2029-03-31"))
        small = self._create_customer("Small Debt", user_id=self.seller.id)
        self._overdue(20.0, small)
        self._refresh()
        self.assertTrue(self._promise(20.0, partner_id=small.id), "all that it owes")
        with self.assertRaises(ValidationError):
            self._promise(19.99, partner_id=small.id)

    def test_exclusions_end(self):
        self.policy.exclusion_longest_days = 30
        values = {"partner_id": self.customer.id, "reason": "Agreed."}
        exclusions = self.env["crm.customer.flag.exclusion"]
        with self.assertRaises(ValidationError):
            exclusions.create({**values, "until": "2024-04-01"})
        self.assertTrue(exclusions.create({**values, "until": "2024-03-31"}))

    def test_limits_are_no_nonsense(self):
        for values in (
            {"promise_least_amount": -1},
            {"promise_longest_days": -1},
            {"exclusion_longest_days": -1},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.policy.write(values)

    def test_promise_that_ended_follows_when_everything_is_computed(self):
        """So much waited that it was replaced by: compute all."""
        invoice = self._overdue(1000.0)
        promise = self._promise()
        payment = self._pay(invoice, date="2024-03-01")
        self.assertPromise(promise, "kept", 1000.0)
        self._at("2024-03-15 08:00:00")
        payment.move_id.line_ids.remove_move_reconcile()
        self.env.cr.flush()
        changes = self.env["account.receivable.change"].sudo()
        changes.search([("reader", "=", "crm.customer.health")]).unlink()
        changes._collect_keys("crm.customer.health", [(self.company.id, 0)])
        self.env.cr.flush()
        while changes._work_off("crm.customer.health"):
            pass
        self.assertRecordValues(promise, [{"state": "broken", "paid_amount": 0.0}])

    def test_broken_the_day_after(self):
        self._overdue(1000.0)
        promise = self._promise()
        self._at("2024-03-10 20:00:00")
        self.assertPromise(promise, "running", 0.0)
        self._at("2024-03-11 08:00:00")
        self.assertPromise(promise, "broken", 0.0)

    def test_money_of_before_and_after_does_not_count(self):
        invoice = self._overdue(3000.0)
        self._pay(invoice, 1000.0, date="2024-02-29")
        promise = self._promise(1000.0)
        self._at("2024-03-12 08:00:00")
        self._pay(invoice, 1000.0, date="2024-03-11")
        self.assertPromise(promise, "broken", 0.0)

    def test_credit_note_and_write_off_are_no_payment(self):
        invoice = self._overdue(1000.0)
        promise = self._promise(1000.0)
        refund = self._create_deal_invoice(
            [(1000.0, None)],
            move_type="out_refund",
            date="2024-03-02",
            partner_id=self.customer.id,
        )
        (invoice | refund).line_ids.filtered(
            lambda line: line.account_id == self.receivable
        ).reconcile()
        self.assertPromise(promise, "settled", 0.0)
        self._at("2024-03-11 08:00:00")
        self.assertPromise(promise, "settled", 0.0)
        (invoice | refund).line_ids.remove_move_reconcile()
        refund.button_draft()
        self.assertPromise(promise, "broken", 0.0)

    def test_credit_does_not_mend_a_broken_promise(self):
        invoice = self._overdue(1000.0)
        promise = self._promise(1000.0)
        self._at("2024-03-11 08:00:00")
        self.assertPromise(promise, "broken", 0.0)
        self._pay(invoice, date="2024-03-11")
        self.assertPromise(promise, "broken", 0.0)

    def test_payment_counts_for_one_promise(self):
        """Half now, half later: one half does not keep both."""
        invoice = self._overdue(1000.0)
        later = self._promise(500.0, "2024-03-20")
        first = self._promise(500.0, "2024-03-05")
        self._pay(invoice, 500.0, date="2024-03-04")
        self.assertPromise(first, "kept", 500.0)
        self.assertPromise(later, "running", 0.0)
        self._pay(invoice, 300.0, date="2024-03-06")
        self.assertPromise(later, "running", 300.0)
        self._at("2024-03-21 08:00:00")
        self.assertPromise(later, "broken", 300.0)

    def test_purchase_of_today_is_not_the_debt(self):
        self._overdue(1000.0)
        promise = self._promise(400.0)
        sale = self._invoice(
            400.0,
            partner_id=self.customer.id,
            date="2024-03-02",
            invoice_date_due="2024-03-02",
        )
        self._pay(sale, date="2024-03-02")
        self.assertPromise(promise, "running", 0.0)

    def test_money_paid_back_counts_no_more(self):
        invoice = self._overdue(1000.0)
        promise = self._promise(400.0)
        self._pay(invoice, 400.0, date="2024-03-02")
        refund = self._invoice(
            400.0, partner_id=self.customer.id, move_type="out_refund", date="2024-03-01"
        )
        self.assertPromise(promise, "kept", 400.0)
        self._pay(refund, date="2024-03-03")
        self.assertPromise(promise, "running", 0.0)

    def test_customer_becomes_part_of_another(self):
        """Its past goes with it: the promise, and what was agreed about flags."""
        invoice = self._overdue(1000.0)
        holding = self._create_customer("Holding", user_id=self.seller.id)
        promise = self._promise()
        self.customer.write({"is_company": False, "parent_id": holding.id})
        self._flush()
        self.assertEqual(self._morning().promised_count, 1)
        self.assertFalse(self._get_flag(holding))
        self._pay(invoice, date="2024-03-02")
        self._refresh()
        self.assertRecordValues(promise, [{"state": "kept", "paid_amount": 1000.0}])

    def test_unreconciled_is_not_kept_any_more(self):
        invoice = self._overdue(1000.0)
        promise = self._promise()
        self._pay(invoice, date="2024-03-05")
        self.assertPromise(promise, "kept", 1000.0)
        invoice.line_ids.remove_move_reconcile()
        self._at("2024-03-11 08:00:00")
        self.assertPromise(promise, "broken", 0.0)

    def test_payment_for_a_contact_counts(self):
        contact = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.customer.id, "type": "contact"}
        )
        invoice = self._overdue(1000.0, contact)
        promise = self._promise()
        self._pay(invoice, date="2024-03-05")
        self.assertPromise(promise, "kept", 1000.0)

    def test_silent_while_running(self):
        self._overdue(1000.0)
        self._promise()
        run = self._morning()
        self.assertFalse(self._get_flag())
        self.assertEqual((run.promised_count, run.flagged_count), (1, 0))

    def test_flagged_when_broken(self):
        self._overdue(1000.0)
        self._promise()
        self._morning()
        self._morning("2024-03-11 08:00:00")
        activity = self._get_activities()
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("Broken promise", self._get_row().overdue_facts)

    def test_flag_waits_for_the_promised_day(self):
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        self._promise()
        self.assertEqual(flag.activity_id.date_deadline, date(2024, 3, 10))
        self._morning("2024-03-09 08:00:00")
        self.assertEqual(flag.activity_id.date_deadline, date(2024, 3, 10), "silent")
        self._morning("2024-03-11 08:00:00")
        self.assertEqual(flag.activity_id.date_deadline, date(2024, 3, 11), "broken: today")
        self.assertIn("Broken promise", self._get_row().overdue_facts)

    def test_broken_promise_of_a_done_flag_is_told_once(self):
        self._overdue(1000.0)
        self._morning()
        self._get_activities().action_feedback()
        self._promise()
        self._morning("2024-03-11 08:00:00")
        self.assertEqual(len(self._get_activities()), 1)
        self._get_activities().action_feedback()
        self._morning("2024-03-12 08:00:00")
        self.assertFalse(self._get_activities(), "it was told of")

    def test_no_escalation_during_a_promise(self):
        self._overdue(1000.0)
        self._morning()
        self._promise(day="2024-03-20")
        self.assertFalse(self._morning("2024-03-16 08:00:00").escalated_count)
        self.assertEqual(self._morning("2024-03-21 08:00:00").escalated_count, 1)

    def test_withdrawn(self):
        self._overdue(1000.0)
        promise = self._promise()
        promise.with_user(self.seller).action_withdraw()
        self.assertEqual(promise.withdrawn_by_id, self.seller)
        self.assertPromise(promise, "withdrawn", 0.0)
        self.assertEqual(self._morning().flagged_count, 1)

    def test_only_a_running_promise_can_be_withdrawn(self):
        """What was broken stays broken."""
        self._overdue(1000.0)
        promise = self._promise()
        self._at("2024-03-11 08:00:00")
        self._refresh()
        promise.action_withdraw()
        self.assertEqual(promise.state, "broken")
        self.assertFalse(promise.withdrawn_by_id)

    def test_promise_of_the_past_moves_no_activity(self):
        self._overdue(1000.0)
        self._morning()
        promise = self._promise(made_on="2024-02-01", day="2024-02-20")
        self.assertEqual(promise.state, "broken")
        self.assertEqual(self._get_activities().date_deadline, date(2024, 3, 1))

    def test_bad_input(self):
        with self.assertRaises(ValidationError):
            self._promise(day="2024-02-29")
        for amount in (0.0, -5.0):
            with (
                self.assertRaisesRegex(Exception, "above zero|positive_amount"),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self._promise(amount=amount)

    def test_recorded_for_several_customers(self):
        """Of several, each promised what is overdue of it; nothing for who owes nothing overdue."""
        twin, sound = (
            self._create_customer(name, user_id=self.seller.id) for name in ("Twin", "Sound")
        )
        self._overdue(1000.0)
        self._overdue(700.0, twin)
        self._overdue(900.0, sound, invoice_date_due="2024-06-01")
        self._refresh()
        customers = (self.customer | twin | sound).with_user(self.seller)
        action = customers.action_record_promise()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.seller)
            .with_context(**action["context"])
            .create({"date": "2024-03-08"})
        )
        wizard.action_record()
        promises = self.env["crm.payment.promise"].search([("date", "=", "2024-03-08")])
        self.assertEqual(
            {promise.partner_id: promise.amount for promise in promises},
            {self.customer: 1000.0, twin: 700.0},
        )
        self.assertEqual(promises.recorded_by_id, self.seller)

    def test_shown_in_the_diagnosis(self):
        self._overdue(1000.0)
        promise = self._promise()
        self._morning()
        row = self._get_rows()[self.customer].with_user(self.seller)
        self.assertEqual(row.promise_ids, promise)
        self.assertTrue(row.has_promised)
        self.assertFalse(row.is_flagged)
        found = self.env["crm.customer.health"].search([("has_promised", "=", True)])
        self.assertEqual(found.partner_id, self.customer)

    def test_told_weekly(self):
        self._overdue(1000.0)
        self._morning()
        self._promise(day="2024-03-03", amount=200.0)
        self._promise(day="2024-03-10", amount=800.0)
        self._at("2024-03-04 08:00:00")
        self._refresh()
        row = self._get_rows()[self.customer].with_user(self.seller).with_context(lang="en_US")
        notes = row._get_weekly_notes(date(2024, 2, 26), date(2024, 3, 3))
        self.assertEqual(
            [note.replace("\xa0", " ") for note in notes[self.customer.id]],
            [
                "Promised $ 800.00 by 03/10/2024.",
                "Broke the promise of $ 200.00 by 03/03/2024.",
                "Flagged to Sales.",
            ],
        )

    def test_told_in_the_weeks_of_its_days_only(self):
        self._overdue(1000.0)
        self._promise(day="2024-05-26")
        self._refresh()
        row = self._get_rows()[self.customer].with_user(self.seller)
        for start, end, told in (
            (date(2024, 2, 26), date(2024, 3, 3), True),
            (date(2024, 3, 4), date(2024, 3, 10), False),
            (date(2024, 5, 20), date(2024, 5, 26), True),
        ):
            with self.subTest(start):
                notes = row._get_weekly_notes(start, end)
                self.assertEqual(len(notes[self.customer.id]), int(told))

    def test_flag_goes_on_when_the_promise_is_off(self):
        """Withdrawn, or kept with the rest still owed: the activity does not wait any longer."""
        invoice = self._overdue(2000.0)
        self._morning()
        activity = self._get_flag().activity_id
        promise = self._promise(day="2024-05-30")
        self.assertEqual(activity.date_deadline, date(2024, 5, 30))
        promise.with_user(self.seller).action_withdraw()
        self.assertEqual(activity.date_deadline, date(2024, 3, 1))
        self._promise(100.0, day="2024-05-30")
        other = self._promise(50.0, day="2024-04-30")
        self.assertEqual(activity.date_deadline, date(2024, 4, 30))
        self._pay(invoice, 50.0, date="2024-03-02")
        self._at("2024-03-02 08:00:00")
        self.assertPromise(other, "kept", 50.0)
        self.assertEqual(activity.date_deadline, date(2024, 4, 30), "another one is running")
        self._pay(invoice, 100.0, date="2024-03-02")
        self._refresh(partners=self.customer)
        self.assertEqual(activity.date_deadline, date(2024, 3, 2))

    def test_many_promises_cost_the_same(self):
        def measure(count):
            customers = self.env["res.partner"]
            for number in range(count):
                customers |= self._create_customer(f"{count} {number}", user_id=self.seller.id)
                self._overdue(1000.0, customers[-1])
            self._morning()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["crm.payment.promise"].create(
                [
                    {"partner_id": customer.id, "amount": 10, "date": "2024-03-09"}
                    for customer in customers
                ]
            )
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        measure(2)
        few = measure(3)
        self.assertLessEqual(measure(24), few + 3)

    def test_nothing_to_promise(self):
        wizard = self.env["crm.payment.promise.wizard"].create(
            {
                "health_ids": [Command.set(self._get_clean_rows().ids)],
                "date": "2024-03-10",
            }
        )
        with self.assertRaises(UserError):
            wizard.action_record()

    def _get_clean_rows(self):
        """Two customers that owe nothing overdue."""
        customers = self._create_customer("Prompt 1") | self._create_customer("Prompt 2")
        for customer in customers:
            self._overdue(100.0, customer, invoice_date_due="2024-12-31")
        self._refresh()
        return self.env["crm.customer.health"].search([("partner_id", "in", customers.ids)])

    def test_merge_keeps_promises(self):
        twin = self._create_customer("Twin")
        promise = self._promise()
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | twin).ids, twin
        )
        self.env.invalidate_all()
        self.assertEqual(promise.partner_id, twin)

    def _get_expected(self, *invoices):
        self.env.invalidate_all()
        return [
            invoice.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).expected_payment_date
            for invoice in invoices
        ]

    def test_money_is_expected_by_the_promised_day(self):
        """What is due first is what was promised; nothing else says when this customer pays."""
        first = self._overdue(1000.0, invoice_date_due="2024-02-01")
        second = self._overdue(500.0, invoice_date_due="2024-02-10")
        self._flush()
        self.assertEqual(self._get_expected(first, second), [False, False])
        promise = self._promise(900.0)
        day = date(2024, 3, 10)
        self.assertEqual(self._get_expected(first, second), [day, False])
        self._promise(200.0, "2024-03-20")
        self.assertEqual(self._get_expected(first, second), [day, date(2024, 3, 20)])
        self._pay(first, 900.0, date="2024-03-01")
        self.assertPromise(promise, "kept", 900.0)
        # Of the first 100 is left, which the second promise is about, and 100 of the second.
        self.assertEqual(self._get_expected(first, second), [date(2024, 3, 20)] * 2)
