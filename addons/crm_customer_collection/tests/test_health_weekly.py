from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.fields import Domain
from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests.common import HealthCommon

MONDAY = "2024-04-15 05:00"  # the week told of is 8 to 14 April


@tagged("post_install", "-at_install")
@freeze_time(MONDAY)
class TestHealthWeekly(HealthCommon):
    """On Monday salespeople are told what changed with their own customers, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_seller("w-seller")
        cls.other = cls._create_seller("w-other")
        cls.own = cls._create_customer("Own & Sons", user_id=cls.seller.id)
        cls.others = cls._create_customer("Other's", user_id=cls.other.id)
        cls.policy = cls._get_policy()
        cls.policy.weekly_changes_sent_on = "2024-04-08"
        cls.company.partner_id.tz = "UTC"
        other_policies = cls.policy.search([("id", "!=", cls.policy.id)])
        other_policies.weekly_changes = False

    @classmethod
    def _create_seller(cls, login, groups="sales_team.group_sale_salesman"):
        user = cls._create_user(login, groups)
        user.email = f"{login}@example.com"
        return user

    def _log_change(self, partner, old, new, day):
        self.env["crm.customer.health.change"].sudo().create(
            {
                "company_id": self.company.id,
                "partner_id": partner.id,
                "date": day,
                "old_status": old,
                "new_status": new,
            }
        )

    def _run(self):
        """What the scheduled action does; mails by address."""
        self.env.flush_all()
        before = self.env["mail.mail"].sudo().search([])
        with self.enter_registry_test_mode():
            self.env.ref(
                "crm_customer_collection.ir_cron_send_weekly_changes"
            ).sudo().method_direct_trigger()
        self.env.invalidate_all()
        mails = self.env["mail.mail"].sudo().search([]) - before
        self.assertEqual(len(mails), len(set(mails.mapped("email_to"))), "one for each")
        return {mail.email_to: mail for mail in mails}

    def _run_day(self, moment=MONDAY):
        with freeze_time(moment):
            self._refresh()
            return self._run()

    def _get_rows_of(self, user, start="2024-04-08", end="2024-04-14", changes=Domain.TRUE):
        self._refresh()
        rows = (
            self.env["crm.customer.health"]
            .with_user(user)
            .with_context(allowed_company_ids=self.company.ids)
            ._get_weekly_rows(self._date(start), self._date(end), changes)
        )
        return {row["name"]: row for row in rows}

    # What is told ----------------------------------------------------------------------------

    def test_row_of_a_customer(self):
        self.policy.threshold_ids = [Command.create({"amount": 100, "days": 10})]
        self._invoice(1000.0, partner_id=self.own.id, invoice_date_due="2024-04-01")
        paid = self._invoice(300.0, partner_id=self.own.id, invoice_date_due="2024-05-01")
        self._pay(paid, amount=120.0, date="2024-04-08")
        self._pay(paid, amount=20.0, date="2024-04-14")
        self._pay(paid, amount=1.0, date="2024-04-07")
        self._pay(paid, amount=2.0, date="2024-04-15")
        self._refresh()
        for old, new in (("watch", "at_risk"), ("at_risk", "unknown")):
            self._log_change(self.own, old, new, "2024-04-14")
        row = self._get_rows_of(self.seller)["Own & Sons"]
        self.assertEqual((row["old_status"], row["status"]), ("Watch", "Unknown"))
        self.assertIn("1,000.00", row["overdue_amount"])
        self.assertEqual(row["days_overdue"], 14)
        self.assertFalse(row["is_newly_overdue"])
        self.assertTrue(row["needs_action"])
        self.assertTrue(row["is_newly_acting"], "7 days overdue when the week began")
        self.assertIn("140.00", row["paid_amount"])

    def test_newly_overdue(self):
        """Told once: neither in the week before nor in the week after."""
        self._invoice(1000.0, partner_id=self.own.id, invoice_date_due="2024-04-14")
        for moment, start, end, told in (
            ("2024-04-14", "2024-04-01", "2024-04-07", False),
            ("2024-04-15", "2024-04-08", "2024-04-14", True),
            ("2024-04-22", "2024-04-15", "2024-04-21", False),
        ):
            with self.subTest(moment), freeze_time(f"{moment} 05:00"):
                rows = self._get_rows_of(self.seller, start, end, Domain.FALSE)
                self.assertEqual(bool(rows), told)
                if told:
                    self.assertTrue(rows["Own & Sons"]["is_newly_overdue"])
                    self.assertFalse(rows["Own & Sons"]["needs_action"], "no threshold")

    def test_nothing_to_tell(self):
        self._invoice(1000.0, partner_id=self.own.id, invoice_date_due="2024-03-01")
        self._settled(50.0, 0, due="2024-04-07", partner_id=self.own.id)
        self._log_change(self.own, "healthy", "watch", "2024-04-09")
        self._log_change(self.own, "watch", "healthy", "2024-04-10")
        self.assertFalse(self._get_rows_of(self.seller))
        self.assertFalse(self._run_day())
        self.assertEqual(self.policy.weekly_changes_sent_on, self._date("2024-04-15"))

    def test_most_urgent_first(self):
        self.policy.threshold_ids = [Command.create({"amount": 100, "days": 60})]
        for name, amount, due in (
            ("Second", 5000.0, "2024-04-10"),
            ("First", 200.0, "2024-02-10"),
            ("Third", 100.0, "2024-04-09"),
        ):
            customer = self._create_customer(name, user_id=self.seller.id)
            self._invoice(amount, partner_id=customer.id, invoice_date_due=due)
        self.assertEqual(list(self._get_rows_of(self.seller)), ["First", "Second", "Third"])

    def test_only_own_customers_of_the_company(self):
        """Not those that the user may see as well: of nobody, of open deals, of other companies."""
        nobodys = self._create_customer("Nobody's")
        self._create_deal(partner_id=self.others.id, user_id=self.seller.id)
        for partner in (self.own, self.others, nobodys):
            self._settled(100.0, 5, due="2024-04-05", partner_id=partner.id)
            self._log_change(partner, "watch", "at_risk", "2024-04-09")
        self.assertEqual(list(self._get_rows_of(self.seller)), ["Own & Sons"])
        self.assertEqual(list(self._get_rows_of(self.other)), ["Other's"])
        other_company = self.setup_other_company()["company"]
        self.seller.sudo().company_ids |= other_company
        rows = self.env["crm.customer.health"].with_user(self.seller)
        rows = rows.with_context(allowed_company_ids=other_company.ids)
        self.assertFalse(
            rows._get_weekly_rows(self._date("2024-04-08"), self._date("2024-04-14"), Domain.TRUE)
        )

    def test_users_without_sales_are_told_nothing(self):
        internal = self._create_seller("w-internal", "base.group_user")
        self.own.user_id = internal
        self._settled(100.0, 5, due="2024-04-05", partner_id=self.own.id)
        self.assertFalse(self._get_rows_of(internal))
        self.assertFalse(self._run_day())

    def test_hook_for_notes(self):
        self._invoice(1000.0, partner_id=self.own.id, invoice_date_due="2024-03-01")
        model = type(self.env["crm.customer.health"])
        notes = {self.own.id: ["Promised 100 for <Friday>."]}
        with patch.object(model, "_get_weekly_notes", lambda *args: notes):
            mail = self._run_day()[self.seller.email_formatted]
        self.assertIn("Promised 100 for &lt;Friday&gt;.", mail.body_html)

    # The e-mail ------------------------------------------------------------------------------

    def _prepare_news(self):
        for partner in (self.own, self.others):
            self._invoice(1000.0, partner_id=partner.id, invoice_date_due="2024-04-10")
            self._settled(77.0, 1, due="2024-04-08", partner_id=partner.id)

    def test_mail(self):
        self._prepare_news()
        mails = self._run_day()
        self.assertEqual(set(mails), {self.seller.email_formatted, self.other.email_formatted})
        mail = mails[self.seller.email_formatted]
        body = mail.body_html
        self.assertIn("Own &amp; Sons", body)
        self.assertNotIn("Other's", body)
        self.assertIn("1,000.00", body)
        self.assertIn("77.00", body)
        self.assertIn("newly overdue", body)
        self.assertIn("04/08/2024", mail.subject)
        self.assertIn(self.company.name, mail.subject)
        row = self._get_rows()[self.own]
        self.assertIn(f"/mail/view?model=crm.customer.health&amp;res_id={row.id}", body)
        self.assertTrue(mail.auto_delete)

    def test_mail_in_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("it_IT")
        self.seller.lang = "it_IT"
        self._prepare_news()
        mails = self._run_day()
        self.assertIn("08/04/2024", mails[self.seller.email_formatted].subject)
        self.assertIn("1.000,00", mails[self.seller.email_formatted].body_html)
        self.assertIn("1,000.00", mails[self.other.email_formatted].body_html)

    def test_long_list_is_cut(self):
        self._invoice(1000.0, partner_id=self.own.id, invoice_date_due="2024-04-10")
        with patch.object(
            type(self.policy),
            "_get_weekly_counts",
            lambda policy, rows: {"rows": rows, "more_count": 12},
        ):
            self.assertIn("12", self._run_day()[self.seller.email_formatted].body_html)
        self.assertEqual(
            self.policy._get_weekly_counts([{}] * 53), {"rows": [{}] * 50, "more_count": 3}
        )
        self.assertEqual(self.policy._get_weekly_counts([{}])["more_count"], 0)

    # When and to whom ------------------------------------------------------------------------

    def test_status_changes_are_told_once(self):
        """Also those of Monday before the e-mail and after it; none is overlooked."""
        self._invoice(5.0, partner_id=self.own.id, invoice_date_due="2024-03-01")
        self._run_day()  # whatever changed so far is told
        told = []
        for moment, changes, expected in (
            ("2024-04-22", [("2024-04-15", "healthy", "watch")], ["Healthy Watch"]),
            (
                "2024-04-29",
                [("2024-04-22", "watch", "unknown"), ("2024-04-29", "unknown", "at_risk")],
                ["Watch At Risk"],
            ),
            ("2024-05-06", [], []),
            # A month without e-mails: what is older than two weeks is no news.
            ("2024-06-10", [("2024-05-14", "unknown", "watch")], []),
        ):
            with self.subTest(moment), freeze_time(f"{moment} 05:00"):
                self._refresh()
                self.env["crm.customer.health.change"].sudo().search(
                    [("id", ">", self.policy.weekly_told_until_id)]
                ).unlink()
                for day, old, new in changes:
                    self._log_change(self.own, old, new, day)
                with patch.object(
                    type(self.policy),
                    "_get_weekly_counts",
                    lambda policy, rows: told.extend(rows) or {"rows": rows, "more_count": 0},
                ):
                    self._run()
                statuses = [f"{row['old_status']} {row['status']}" for row in told]
                self.assertEqual(statuses, expected)
                told.clear()

    def test_once_a_week(self):
        self._prepare_news()
        self.assertFalse(self._run_day("2024-04-14 23:00"), "sent on the 8th, Monday")
        self.assertEqual(len(self._run_day()), 2)
        self.assertFalse(self._run_day(), "once")
        for day in range(15, 22):
            self.assertFalse(self._run_day(f"2024-04-{day} 12:00"), f"April {day}")
        self._settled(5.0, 0, due="2024-04-17", partner_id=self.own.id)
        self.assertIn(self.seller.email_formatted, self._run_day("2024-04-22 05:00"))

    def test_monday_begins_in_the_time_zone_of_the_company(self):
        self._prepare_news()
        self.company.partner_id.tz = "America/New_York"
        self.assertFalse(self._run_day("2024-04-15 03:30"), "Sunday evening")
        self.assertEqual(len(self._run_day("2024-04-15 04:30")), 2)

    def test_waits_for_the_figures_of_the_day(self):
        self._prepare_news()
        with freeze_time("2024-04-14 12:00"):
            self._refresh()
        self.assertFalse(self._run())
        self.assertEqual(len(self._run_day()), 2)

    def test_monday_missed_is_made_up_for(self):
        self._prepare_news()
        mails = self._run_day("2024-04-17 05:00")
        self.assertIn("04/08/2024", mails[self.seller.email_formatted].subject)
        self.assertFalse(self._run_day("2024-04-18 05:00"))

    def test_killed_in_between(self):
        """Who was told is not told again; who was not, is."""
        self._prepare_news()
        self._refresh()
        policies = self.env["crm.customer.health.policy"].sudo()
        policies._begin_week()
        self.assertEqual(self.policy.weekly_pending_user_ids, self.seller | self.other)
        self.policy._work_off_weekly(self.seller)
        self.assertEqual(self.policy.weekly_pending_user_ids, self.other)
        self.policy._work_off_weekly(self.seller)
        self.assertEqual(set(self._run()), {self.other.email_formatted})
        self.assertFalse(self.policy.weekly_pending_user_ids)

    def test_trouble_with_one_does_not_stop_the_others(self):
        self._prepare_news()
        send = type(self.policy)._send_weekly_changes

        def send_or_fail(policy, user):
            if user == self.seller:
                raise ValueError("no")
            return send(policy, user)

        with (
            patch.object(type(self.policy), "_send_weekly_changes", send_or_fail),
            self.assertLogs("odoo.addons.crm_customer_collection", "ERROR"),
        ):
            self.assertEqual(set(self._run_day()), {self.other.email_formatted})
        self.assertFalse(self.policy.weekly_pending_user_ids)

    def test_switched_off(self):
        self._prepare_news()
        self.policy.weekly_changes = False
        self.assertFalse(self._run_day())

    def test_recipients(self):
        self._prepare_news()
        self._refresh()
        self.assertEqual(self.policy._get_weekly_recipients(), self.seller | self.other)
        self.other.email = False
        self.assertEqual(self.policy._get_weekly_recipients(), self.seller)
        self.seller.sudo().active = False
        self.assertFalse(self.policy._get_weekly_recipients())

    def test_setting(self):
        self.assertTrue(self.env["crm.customer.health.policy"].new({}).weekly_changes)
        arch = self.env["crm.customer.health.policy"].get_view(view_type="form")["arch"]
        self.assertIn('name="weekly_changes"', arch)

    def test_cost_is_the_same_for_3_and_30_customers(self):
        many = self._create_seller("w-many")
        for user, count in ((self.seller, 2), (many, 30)):
            for number in range(count):
                customer = self._create_customer(f"{user.login} {number}", user_id=user.id)
                self._invoice(1000.0, partner_id=customer.id, invoice_date_due="2024-04-10")
                self._log_change(customer, "watch", "at_risk", "2024-04-09")
        self._invoice(1000.0, partner_id=self.own.id, invoice_date_due="2024-04-10")
        self._refresh()

        def count_statements(user):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.policy._send_weekly_changes(user)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        for user in (self.seller, many):  # warm what is kept in memory
            count_statements(user)
        few, lots = count_statements(self.seller), count_statements(many)
        self.assertEqual(few, lots)
        self.assertLessEqual(lots, 60)
        bodies = self.env["mail.mail"].sudo().search([("email_to", "like", "w-many")])
        self.assertEqual(bodies[0].body_html.count("/mail/view?model=crm.customer.health"), 30)
