import re
from datetime import date
from unittest.mock import patch

from markupsafe import Markup
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestFlags(FlagCommon):
    """Sales hears of an overdue customer once, in the right place, and no longer when cured."""

    def test_who_needs_action_is_flagged_once(self):
        self._overdue(1000.0)
        run = self._morning()
        flag = self._get_flag()
        self.assertRecordValues(
            flag,
            [
                {
                    "company_id": self.company.id,
                    "assigned_id": self.seller.id,
                    "overdue_amount": 1000.0,
                    "overdue_count": 1,
                    "oldest_due_date": date(2024, 2, 9),
                    "flagged_on": date(2024, 3, 1),
                    "is_manual": False,
                    "is_done": False,
                    "state": "open",
                }
            ],
        )
        self.assertEqual(flag.activity_id, self._get_activities())
        self.assertEqual(flag.activity_id.user_id, self.seller)
        self.assertEqual(flag.activity_id.date_deadline, date(2024, 3, 1))
        self.assertEqual(run.flagged_count, 1)
        again = self._morning("2024-03-02 08:00:00")
        self.assertEqual(again.flagged_count, 0)
        self.assertEqual(again.unchanged_count, 1)
        self.assertEqual(self._get_flag(), flag)
        self.assertEqual(len(self._get_activities()), 1)

    def test_amount_and_days_decide(self):
        """A small debt may wait longer than a large one."""
        small, early, large = (
            self._create_customer(name, user_id=self.seller.id)
            for name in ("Small", "Early", "Large")
        )
        self._overdue(499.99, small)
        self._overdue(9999.0, early, invoice_date_due="2024-02-20")
        self._overdue(10000.0, large, invoice_date_due="2024-02-23")
        self._morning()
        self.assertFalse(self._get_flag(small))
        self.assertFalse(self._get_flag(early), "10 days: neither 10,000 nor 20 days")
        self.assertTrue(self._get_flag(large), "10,000 for 7 days")
        self._morning("2024-03-11 08:00:00")
        self.assertTrue(self._get_flag(early), "20 days")
        self.assertFalse(self._get_flag(small))

    def test_the_row_says_what_to_talk_about(self):
        self._settled(200.0, 0, due="2023-09-01", partner_id=self.customer.id)
        self._settled(300.0, 10, partner_id=self.customer.id)
        self._overdue(600.0)
        worst = self._overdue(1500.0, date="2024-01-11", invoice_date_due="2024-02-10")
        self.seller.lang = "en_US"
        self._morning()
        row = self._get_row()
        facts = row.with_context(lang="en_US").overdue_facts.replace("\N{NO-BREAK SPACE}", " ")
        self.assertIn("2,100.00 overdue since 02/09/2024, 21 days, instalments: 2", facts)
        self.assertIn(f"Worst: {worst.name}", facts)
        self.assertIn("1,500.00, due on 02/10/2024", facts)
        self.assertIn("300.00 on 02/19/2024", facts)
        self.assertIn(f"Payment score {round(row.payment_score)}", facts)
        self.assertIn("Pays worse than before", facts)

    def test_the_activity_says_no_amount(self):
        """Who has it keeps on reading it, and may get it by mail."""
        self._overdue(1500.0)
        self._morning()
        activity = self._get_flag().activity_id
        self.assertEqual(activity.summary, "Overdue customer")
        self.assertFalse(activity.note)
        self.assertFalse(re.search(r"\d", f"{activity.summary}{activity.res_name}"))

    def test_a_flag_opens_the_diagnosis(self):
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        action = flag.action_view_customer()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (self._get_row()._name, self._get_row().id)
        )
        self._get_row().unlink()
        action = flag.action_view_customer()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", self.customer.id))

    def test_mornings_are_gentle(self):
        """The largest of each salesperson's first, the others on the next mornings."""
        self.policy.flags_per_morning = 2
        customers = {
            (user, amount): self._create_customer(f"{amount}", user_id=user.id)
            for user in (self.seller, self.other_seller, self.env["res.users"])
            for amount in (600.0, 700.0, 800.0, 900.0)
        }
        for (__, amount), customer in customers.items():
            self._overdue(amount, customer)
        promised = customers[self.seller, 900.0]
        self._refresh()
        self.env["crm.payment.promise"].create(
            {
                "company_id": self.company.id,
                "partner_id": promised.id,
                "date": "2024-03-20",
                "amount": 900.0,
            }
        )
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        while not run.finished_at:
            run._do_batch(batch_size=3)
        flagged = {key for key, customer in customers.items() if self._get_flag(customer)}
        nobody = self.env["res.users"]
        self.assertEqual(
            flagged,
            {
                (self.seller, 800.0),
                (self.seller, 700.0),
                (self.other_seller, 900.0),
                (self.other_seller, 800.0),
                (nobody, 900.0),
                (nobody, 800.0),
            },
        )
        self.assertEqual((run.flagged_count, run.postponed_count, run.promised_count), (6, 5, 1))
        run = self._morning("2024-03-02 08:00:00")
        self.assertEqual((run.flagged_count, run.postponed_count), (5, 0))
        self.assertEqual(self._run().flagged_count, 0, "a second time there is nothing to do")

    def test_leaders_close_activities_of_others(self):
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        activity = flag.activity_id
        with self.assertRaises(AccessError):
            activity.with_user(self.leader).action_feedback("Paid in cash.")
        with self.assertRaises(AccessError):
            flag.with_user(self.other_seller).action_mark_done()
        flag.with_user(self.leader).action_mark_done()
        self.assertTrue(flag.is_done)
        self.assertFalse(activity.active)
        self.assertEqual(self._get_row().message_ids[0].author_id, self.leader.partner_id)

    def test_flag_follows_what_is_owed(self):
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        self._overdue(700.0)
        run = self._morning("2024-03-02 08:00:00")
        self.assertEqual(run.changed_count, 1)
        self.assertEqual(flag.overdue_amount, 1700.0)
        self.assertEqual(flag.activity_id.date_deadline, date(2024, 3, 2), "it is worse: today")
        self.assertEqual(len(self._get_activities()), 1)

    def test_part_payment_is_no_reason_to_hurry(self):
        invoice = self._overdue(2000.0)
        self._morning()
        flag = self._get_flag()
        self._pay(invoice, 500.0, date="2024-03-01")
        self._refresh()
        flag.invalidate_recordset()
        self.assertEqual(
            (flag.overdue_now, flag.overdue_amount), (1500.0, 2000.0), "today's is seen"
        )
        run = self._morning("2024-03-04 08:00:00")
        self.assertEqual(run.changed_count, 1)
        self.assertEqual(flag.overdue_amount, 1500.0)
        self.assertEqual(flag.flagged_amount, 2000.0)
        self.assertEqual(flag.activity_id.date_deadline, date(2024, 3, 1), "as it was")

    def test_done_is_silent_until_worse(self):
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        flag.activity_id.with_user(self.seller).action_feedback("Called them.")
        self.assertTrue(flag.is_done)
        run = self._morning("2024-03-02 08:00:00")
        self.assertEqual(run.unchanged_count, 1)
        self.assertFalse(self._get_activities(), "dealt with")
        self._overdue(800.0)
        self._morning("2024-03-03 08:00:00")
        self.assertEqual(self._get_flag(), flag)
        self.assertFalse(flag.is_done)
        self.assertEqual(self._get_activities().user_id, self.seller)

    def test_deleted_activity_counts_as_done(self):
        self._overdue(1000.0)
        self._morning()
        self._get_activities().unlink()
        self.assertTrue(self._get_flag().is_done)
        self._morning("2024-03-02 08:00:00")
        self.assertFalse(self._get_activities())

    def test_cured_is_closed_at_once(self):
        invoice = self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        row = self._get_row()
        before = self.customer.message_ids, row.message_ids
        self._pay(invoice, date="2024-03-01")
        self._refresh(partners=self.customer)
        self.assertRecordValues(
            flag,
            [
                {
                    "closed_on": date(2024, 3, 1),
                    "closing_reason": "cured",
                    "state": "closed",
                    "is_done": False,
                }
            ],
        )
        self.assertFalse(self._get_activities())
        self.assertEqual(self.customer.message_ids, before[0], "everybody reads the contact's")
        row.invalidate_recordset()
        closing = row.message_ids - before[1]
        self.assertIn("Flag closed: Cured", str(closing.body))
        internal = self._create_user("f-internal", "base.group_user")
        self.assertTrue(closing.with_user(self.seller).read(["body"]))
        for user in (self.other_seller, internal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                closing.with_user(user).read(["body"])

    def test_below_the_policy_is_closed(self):
        invoice = self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        self._pay(invoice, 600.0, date="2024-03-01")
        self._refresh()
        self.assertEqual(flag.state, "closed", "400 is below the smallest threshold")
        self.assertEqual(flag.closing_reason, "below_policy")

    def test_unreconciled_is_flagged_again_without_its_payment(self):
        invoice = self._overdue(1000.0)
        payment = self._pay(invoice, date="2024-03-01")
        self.assertFalse(self._morning().flagged_count)
        invoice.line_ids.remove_move_reconcile()
        self.assertFalse(self._morning("2024-03-02 08:00:00").flagged_count, "it has paid")
        payment.action_draft()
        self.assertEqual(self._morning("2024-03-03 08:00:00").flagged_count, 1)

    def test_what_is_not_matched_yet_is_told(self):
        self._overdue(2000.0)
        self._opening(-300.0, "2024-02-20", partner=self.customer)
        self._morning()
        facts = self._get_row().overdue_facts.replace("\N{NO-BREAK SPACE}", " ")
        self.assertIn("300.00 was received or credited, but is not matched yet.", facts)

    def test_closing_is_counted_by_the_run(self):
        invoice = self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        # Computed by something else than the refresh that closes: as after a restored backup.
        self._pay(invoice, date="2024-03-01")
        self._refresh()
        flag.write({"closed_on": False, "closing_reason": False})
        self._flush()
        self.assertEqual(self._run().closed_count, 1)

    def test_disputed_is_silent(self):
        invoice = self._overdue(1000.0)
        invoice.action_post() if invoice.state == "draft" else None
        invoice.payment_state = "blocked"
        run = self._morning()
        self.assertFalse(self._get_flag())
        self.assertEqual(run.disputed_count, 1)

    def test_dispute_closes_the_flag(self):
        invoice = self._overdue(1000.0)
        self._morning()
        self.assertTrue(self._get_flag())
        invoice.payment_state = "blocked"
        self._refresh()
        self.assertFalse(self._get_flag())

    def test_contacts_are_flagged_with_their_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.customer.id, "type": "contact"}
        )
        self._overdue(1000.0, contact)
        self._morning()
        self.assertTrue(self._get_flag(self.customer))
        self.assertEqual(len(self._get_activities(contact)), 1, "its company's")

    def test_archived_customer_is_flagged(self):
        self._overdue(1000.0)
        self.customer.active = False
        self._morning()
        self.assertTrue(self._get_flag())

    def test_companies_are_flagged_apart(self):
        data = self.setup_other_company(name="Second")
        other = data["company"]
        self.seller.company_ids |= other
        self._overdue(1000.0)
        self._morning()
        self.assertEqual(self._get_flag().company_id, self.company)
        run = self.env["crm.customer.flag.run"].sudo()._start(other)
        run._do_batch()
        self.assertTrue(run.finished_at)
        self.assertEqual(run.flagged_count, 0, "owes nothing there")

    def test_switched_off(self):
        self._overdue(1000.0)
        self._refresh()
        runs = self.env["crm.customer.flag.run"].sudo()
        self.assertIn(self.company, runs._get_due_companies())
        self.policy.flag_to_sales = False
        self.assertNotIn(self.company, runs._get_due_companies())

    def test_flag_by_hand_is_looked_at_below_the_policy(self):
        invoice = self._overdue(200.0)
        self._refresh()
        self.customer.action_flag_to_sales()
        self._flush()
        flag = self._get_flag()
        self.assertEqual(flag.overdue_amount, 200.0)
        self._overdue(150.0)
        self._morning("2024-03-02 08:00:00")
        self.assertEqual(flag.overdue_amount, 350.0)
        run = self._morning("2024-03-20 08:00:00")
        self.assertEqual(run.escalated_count, 1)
        self.assertEqual(flag.assigned_id, self.leader)
        self._pay(invoice, date="2024-03-20")
        self._morning("2024-03-21 08:00:00")
        self.assertEqual(flag.overdue_amount, 150.0)

    def test_other_debt_of_the_same_size_is_news(self):
        invoice = self._overdue(1000.0)
        self._overdue(990.0, invoice_date_due="2024-03-02")
        self._morning()
        flag = self._get_flag()
        flag.activity_id.action_feedback("Paid tomorrow.")
        self._pay(invoice, date="2024-03-02")
        self.policy.threshold_ids = [Command.clear(), Command.create({"amount": 500, "days": 1})]
        self._morning("2024-03-03 08:00:00")
        self.assertEqual(self._get_flag(), flag)
        self.assertFalse(flag.is_done, "what was dealt with is paid; this is another debt")
        self.assertEqual(flag.overdue_amount, 990.0)

    def test_what_people_write_stays(self):
        invoice = self._overdue(2000.0)
        self._morning()
        activity = self._get_flag().activity_id
        activity.note = Markup("<p>Calls back on <b>Monday</b>.</p>")
        self._pay(invoice, 500.0, date="2024-03-01")
        self._morning("2024-03-02 08:00:00")
        self.assertEqual(str(activity.note), "<p>Calls back on <b>Monday</b>.</p>")

    def test_merge_into_a_customer_without_flag(self):
        """The flag goes along, with its age."""
        twin = self._create_customer("Slow & Sons Ltd", user_id=self.seller.id)
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        self._at("2024-03-10 08:00:00")
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | twin).ids, twin
        )
        self.env.invalidate_all()
        self.assertRecordValues(
            flag,
            [{"partner_id": twin.id, "closed_on": False, "flagged_on": date(2024, 3, 1)}],
        )
        self.assertEqual(self._morning("2024-03-15 08:00:00").escalated_count, 1)

    def test_merged_customers_keep_one_open_flag(self):
        twin = self._create_customer("Slow & Sons Ltd", user_id=self.seller.id)
        self._overdue(1000.0)
        self._overdue(2000.0, twin)
        self._morning()
        kept, closed = self._get_flag(), self._get_flag(twin)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | twin).ids, self.customer
        )
        self.env.invalidate_all()
        self.assertEqual(closed.closing_reason, "merged")
        self.assertEqual(closed.partner_id, self.customer)
        self._morning("2024-03-02 08:00:00")
        self.assertEqual(self._get_flag(), kept)
        self.assertEqual(kept.overdue_amount, 3000.0)

    # Escalation ------------------------------------------------------------------------------

    def test_escalated_to_the_leader_after_so_many_days(self):
        self._overdue(1000.0)
        self._morning()
        flag = self._get_flag()
        self.assertFalse(self._morning("2024-03-14 08:00:00").escalated_count, "13 days")
        run = self._morning("2024-03-15 08:00:00")
        self.assertEqual(run.escalated_count, 1)
        self.assertEqual(flag.assigned_id, self.leader)
        self.assertEqual(flag.escalated_on, date(2024, 3, 15))
        self.assertEqual(self._get_activities().user_id, self.leader)
        self.assertFalse(self._morning("2024-03-16 08:00:00").escalated_count, "once")

    def test_escalated_though_dealt_with(self):
        """Dealt with, and nothing came of it: the leader gets an activity."""
        self._overdue(1000.0)
        self._morning()
        self._get_activities().action_feedback()
        self._morning("2024-03-15 08:00:00")
        self.assertEqual(self._get_activities().user_id, self.leader)

    def test_leader_is_told_so_the_fallback_is_next(self):
        self.customer.user_id = self.leader
        self.team.member_ids |= self.leader
        self._overdue(1000.0)
        self._morning()
        self._morning("2024-03-15 08:00:00")
        self.assertEqual(self._get_flag().assigned_id, self.fallback)

    def test_never_escalated(self):
        self.policy.escalation_days = 0
        self._overdue(1000.0)
        self._morning()
        self.assertFalse(self._morning("2024-06-01 08:00:00").escalated_count)

    def test_escalation_days_are_checked(self):
        with self.assertRaisesRegex(ValidationError, "before they are made"):
            self.policy.escalation_days = -1

    # The run ---------------------------------------------------------------------------------

    def test_only_in_the_morning_of_the_company(self):
        self._overdue(1000.0)
        self.company.partner_id.tz = "America/New_York"
        runs = self.env["crm.customer.flag.run"].sudo()
        self._at("2024-03-01 10:59:00")  # 05:59 in New York
        self._refresh()
        self.assertNotIn(self.company, runs._get_due_companies())
        self._at("2024-03-01 11:01:00")
        self.assertIn(self.company, runs._get_due_companies())

    def test_waits_for_the_figures_of_the_day(self):
        self._refresh()
        self._at("2024-03-02 08:00:00")
        runs = self.env["crm.customer.flag.run"].sudo()
        self.assertNotIn(self.company, runs._get_due_companies())
        self._refresh()
        self.assertIn(self.company, runs._get_due_companies())
        self._run()
        self.assertNotIn(self.company, runs._get_due_companies(), "done today")

    def test_scheduled_action_flags(self):
        self._overdue(1000.0)
        self._refresh()
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_collection.ir_cron_flag").sudo().method_direct_trigger()
        self.assertTrue(self._get_flag())

    def test_progress_is_what_was_looked_at(self):
        for number in range(3):
            customer = self._create_customer(f"Late {number}", user_id=self.seller.id)
            self._overdue(1000.0, customer)
        self._refresh()
        runs = self.env["crm.customer.flag.run"].sudo()
        progress = []
        with patch.object(
            type(self.env["ir.cron"]),
            "_commit_progress",
            lambda cron, processed=0, *, remaining=None: (
                progress.append((processed, remaining)) or 1000
            ),
        ):
            runs._cron_flag()
        self.assertEqual(progress[0], (0, 3))
        self.assertEqual(sum(processed for processed, __ in progress), 3)
        self.assertTrue(runs.search([("date", "=", "2024-03-01")]).finished_at)

    def test_waits_while_somebody_else_writes_customers(self):
        self._overdue(1000.0)
        self._refresh()
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        self.assertTrue(run._lock_company())
        nobody = self.env["crm.customer.health.norm"]
        with (
            patch.object(
                type(self.env["crm.customer.health"]), "_lock_norms", lambda *args: nobody
            ),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kw: 1000),
        ):
            run._cron_flag()
        self.assertFalse(run.finished_at)
        self.assertFalse(self._get_flag(), "another time")

    def test_interrupted_run_goes_on(self):
        customers = [
            self._create_customer(f"Late {number}", user_id=self.seller.id) for number in range(5)
        ]
        for customer in customers:
            self._overdue(1000.0, customer)
        self._refresh()
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        run._do_batch(batch_size=2)
        self.assertEqual(run.flagged_count, 2)
        self.assertFalse(run.finished_at)
        finished = self._run()
        self.assertEqual(finished, run)
        self.assertEqual(run.flagged_count, 5)
        self.assertEqual(len(self.flags.search([("closed_on", "=", False)])), 5)

    def _count_batch(self, moment):
        """The run of a morning, and how many statements its first batch took."""
        self._at(moment)
        self._refresh()
        run = self.env["crm.customer.flag.run"].sudo()._start(self.company)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        run._do_batch()
        self.env.flush_all()
        return run, self.env.cr.sql_log_count - before

    def test_cost_is_bounded(self):
        """A batch costs the same number of statements for 4 customers and for 40."""

        def measure(count, day):
            customers = self.env["res.partner"]
            for number in range(count):
                customers |= self._create_customer(f"{day} {number}", user_id=self.seller.id)
            for customer in customers:
                self._overdue(1000.0, customer)
            run, statements = self._count_batch(f"{day} 08:00:00")
            self.assertEqual(run.flagged_count, count)
            return statements

        measure(2, "2024-03-01")
        few = measure(4, "2024-03-02")
        many = measure(40, "2024-03-03")
        self.assertLessEqual(many, few + 6, "flags of before are looked at, too")

    def test_changes_cost_is_bounded(self):
        def measure(customers, day, amount):
            for customer in customers:
                self._overdue(amount, customer)
            run, statements = self._count_batch(f"{day} 08:00:00")
            self.assertEqual(run.changed_count, len(customers))
            return statements

        customers = self.env["res.partner"]
        for number in range(24):
            customers |= self._create_customer(f"Late {number}", user_id=self.seller.id)
            self._overdue(1000.0, customers[-1])
        self._morning()
        few = measure(customers[:3], "2024-03-02", 100.0)
        many = measure(customers, "2024-03-03", 100.0)
        self.assertLessEqual(many, few + 4)

    # Uniqueness ------------------------------------------------------------------------------

    def test_one_open_flag(self):
        self._overdue(1000.0)
        self._morning()
        self._get_flag()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.flags.create(
                {
                    "company_id": self.company.id,
                    "partner_id": self.customer.id,
                    "flagged_on": date(2024, 3, 2),
                }
            )
        self.assertTrue(self._get_flag())
