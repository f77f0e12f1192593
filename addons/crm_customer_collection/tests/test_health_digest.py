from datetime import datetime
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests.common import HealthCommon

KPIS = ("kpi_overdue_customers", "kpi_newly_at_risk", "kpi_cured_customers", "kpi_cash_received")
NOW = datetime(2024, 4, 10, 10)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestHealthDigest(HealthCommon):
    """Odoo's digest says what is overdue, who became and who ceased to be at risk, what came in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._create_user("d-leader", "sales_team.group_sale_salesman_all_leads")
        cls.seller = cls._create_user("d-seller", "sales_team.group_sale_salesman")
        cls.biller = cls._create_user("d-biller", "account.group_account_invoice")
        cls.auditor = cls._create_user("d-auditor", "account.group_account_readonly")
        cls.internal = cls._create_user("d-internal", "base.group_user")
        cls.other_company = cls.setup_other_company()["company"]
        cls.digest = (
            cls.env["digest.digest"]
            .sudo()
            .create(
                {
                    "name": "Customers",
                    "company_id": cls.company.id,
                    "periodicity": "weekly",
                    **dict.fromkeys(KPIS, True),
                }
            )
        )

    def _log_change(self, partner, old, new, at, company=None, overdue=0.0):
        """A change of status at a point in time, as the refresh logs it."""
        change = (
            self.env["crm.customer.health.change"]
            .sudo()
            .create(
                {
                    "company_id": (company or self.company).id,
                    "partner_id": partner.id,
                    "date": at[:10],
                    "old_status": old,
                    "new_status": new,
                    "overdue_amount": overdue,
                }
            )
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_customer_health_change SET create_date = %s WHERE id = %s", [at, change.id]
        )
        change.invalidate_recordset()
        return change

    def _value(self, name, days, ago=0, user=None, digest=None):
        """The value of so many days up to so many days ago."""
        end = NOW - relativedelta(days=ago)
        digest = (digest or self.digest).with_user(user or self.leader)
        digest.invalidate_model([f"{name}_value"])
        return digest.with_company(self.company).with_context(
            start_datetime=end - relativedelta(days=days), end_datetime=end
        )[f"{name}_value"]

    # Values ----------------------------------------------------------------------------------

    def test_overdue_is_as_of_the_end_of_the_period(self):
        self._invoice(1000.0, invoice_date_due="2024-04-08")  # 2 days ago
        paid = self._invoice(300.0, invoice_date_due="2024-03-01")
        self._pay(paid, amount=100.0, date="2024-04-05")
        self._pay(paid, date="2024-04-09")
        disputed = self._invoice(77.0, invoice_date_due="2024-03-01")
        disputed.payment_state = "blocked"
        self._invoice(5000.0, invoice_date_due="2024-05-01")
        for ago, expected in ((0, 1000.0), (1, 1000.0), (2, 200.0), (5, 200.0), (6, 300.0)):
            with self.subTest(ago):
                self.assertEqual(self._value("kpi_overdue_customers", 1, ago), expected)
        self.assertEqual(self._value("kpi_overdue_customers", 1, 60), 0.0)

    def test_overdue_is_what_the_customers_rows_say(self):
        for number, due in enumerate(("2024-01-20", "2024-03-01", "2024-04-30", "2024-04-09"), 1):
            partner = self._create_customer(f"Customer {number}")
            self._invoice(100.0 * number, invoice_date_due=due, partner_id=partner.id)
        self._refresh()
        total = sum(row.overdue_amount for row in self._get_rows().values())
        self.assertEqual(total, 700.0)
        self.assertEqual(self._value("kpi_overdue_customers", 7), total)

    def test_cash_received(self):
        first = self._invoice(1000.0)
        self._pay(first, amount=400.0, date="2024-04-03")  # 7 days ago
        self._pay(first, amount=250.0, date="2024-04-04")
        credit = self._invoice(100.0, move_type="out_refund")
        self._pay(credit, amount=40.0, date="2024-04-10")
        self._settle(first, self._invoice(50.0, move_type="out_refund"))
        bill = self._create_deal_invoice([(900.0, None)], move_type="in_invoice")
        self._pay(bill, date="2024-04-09")
        self.assertEqual(self._value("kpi_cash_received", 7), 650.0, "from the 3rd to the 9th")
        self.assertEqual(self._value("kpi_cash_received", 7, 7), 0.0)
        self.assertEqual(self._value("kpi_cash_received", 1), 0.0, "the day is not over")
        self.assertEqual(self._value("kpi_cash_received", 1, -1), -40.0, "in the next digest")
        settlements = self.env["account.receivable.settlement"].search(
            [
                ("company_id", "=", self.company.id),
                ("kind", "=", "payment"),
                ("settlement_date", ">", "2024-03-27"),
            ]
        )
        self.assertEqual(sum(settlements.mapped("amount")), 610.0)

    # Days that are kept ----------------------------------------------------------------------

    def _keep_days(self):
        days = self.env["crm.customer.company.day"].sudo()
        with (
            patch.object(type(days), "_get_companies", return_value=self.company),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=1000.0),
        ):
            days._cron_keep()
        return days.search([("company_id", "=", self.company.id)])

    def _pay_for_two_months(self):
        """Something is overdue and paid on nearly every day, and a payment is taken back."""
        for ago in range(70):
            due = NOW.date() - relativedelta(days=ago + 1)
            invoice = self._invoice(100.0 + ago, invoice_date_due=due)
            if ago % 3:
                self._pay(invoice, amount=50.0 + ago, date=due + relativedelta(days=ago % 5))
        refund = self._invoice(30.0, move_type="out_refund")
        self._pay(refund, date="2024-03-01")

    def test_kept_days_are_what_the_journals_say(self):
        self._pay_for_two_months()
        periods = [(1, 0), (1, 1), (7, 0), (7, 7), (30, 0), (30, 30), (3, 20), (62, 0), (63, 1)]
        read = {
            (name, *period): self._value(name, *period)
            for name in ("kpi_overdue_customers", "kpi_cash_received")
            for period in periods
        }
        self.assertGreater(len(set(read.values())), 10, "the periods differ")
        self.assertEqual(len(self._keep_days()), 62)
        self._refresh()
        health = type(self.env["crm.customer.health"])
        with patch.object(health, "_get_overdue_total", autospec=True) as overdue:
            for (name, *period), value in read.items():
                if period == [63, 1] and name == "kpi_overdue_customers":
                    continue
                with self.subTest(name, period=period):
                    self.assertEqual(self._value(name, *period), value)
            overdue.assert_not_called()

    def test_day_is_kept_when_it_is_over_and_others_are_forgotten(self):
        self._invoice(100.0, invoice_date_due="2024-04-01")
        first = self._keep_days()
        self.assertEqual(max(first.mapped("date")), datetime(2024, 4, 9).date())
        self.assertEqual(self._keep_days(), first, "a second time there is nothing to do")
        with freeze_time("2024-04-11 02:00"):
            days = self._keep_days()
            self.assertEqual(len(days), 62)
            self.assertEqual((days - first).date, datetime(2024, 4, 10).date())
            self.assertEqual((days - first).overdue_amount, 100.0)

    def test_day_that_another_process_kept_meanwhile(self):
        self._invoice(100.0, invoice_date_due="2024-04-01")
        kept = self._keep_days()
        with patch.object(type(kept), "_get_missing_days", return_value=kept.mapped("date")[:2]):
            self.assertEqual(self._keep_days(), kept)

    def test_what_is_booked_later_for_a_kept_day_counts_from_the_next_night_on(self):
        invoice = self._invoice(1000.0, invoice_date_due="2024-04-30")
        self._keep_days()
        self._pay(invoice, amount=70.0, date="2024-03-20")
        self._pay(invoice, amount=5.0, date="2024-04-05")
        self.assertEqual(self._value("kpi_cash_received", 30), 5.0, "recent days are read anew")
        with freeze_time("2024-04-11 02:00"):
            self._keep_days()
        self.assertEqual(self._value("kpi_cash_received", 30), 75.0)

    def test_days_are_kept_where_somebody_gets_a_digest(self):
        days = self.env["crm.customer.company.day"].sudo()
        self.env["digest.digest"].sudo().search([]).state = "deactivated"
        self.assertFalse(days._get_companies())
        self.digest.state = "activated"
        self.assertEqual(days._get_companies(), self.company)
        self.digest.company_id = False
        self.digest.user_ids = self.leader
        self.assertEqual(days._get_companies(), self.leader.company_id)
        self.digest.write({"kpi_overdue_customers": False, "kpi_cash_received": False})
        self.assertFalse(days._get_companies())

    def test_customers_newly_at_risk_and_cured(self):
        first, second = self._create_customer("First"), self._create_customer("Second")
        self._log_change(first, "watch", "at_risk", "2024-04-09 09:00:00")
        self._log_change(first, "at_risk", "watch", "2024-04-09 12:00:00")
        self._log_change(first, "watch", "at_risk", "2024-04-10 09:59:59")
        self._log_change(second, "healthy", "at_risk", "2024-04-03 10:00:00")
        self._log_change(second, "healthy", "watch", "2024-04-09 12:00:00")
        self._log_change(
            second, "healthy", "at_risk", "2024-04-09 12:00:00", company=self.other_company
        )
        self.assertEqual(self._value("kpi_newly_at_risk", 1), 1)
        self.assertEqual(self._value("kpi_newly_at_risk", 7), 2, "each customer once")
        self.assertEqual(self._value("kpi_newly_at_risk", 7, 7), 0)
        self.assertEqual(self._value("kpi_cured_customers", 7), 1)

    def test_company(self):
        other = self._create_user("d-other", "account.group_account_manager", self.other_company)
        self._invoice(1000.0)
        digest = self.digest.copy({"company_id": self.other_company.id})
        for name in KPIS:
            with self.subTest(name), self.assertRaises(AccessError):
                self._value(name, 7, digest=digest)
            self.assertFalse(self._value(name, 7, user=other, digest=digest))
        digest.company_id = False
        self.assertEqual(self._value("kpi_overdue_customers", 7, digest=digest), 1000.0)

    # Who sees it -----------------------------------------------------------------------------

    def _get_kpis(self, user):
        kpis = self.digest.with_context(lang="en_US")._compute_kpis(self.company, user)
        return {kpi["kpi_name"]: kpi for kpi in kpis}

    def test_roles(self):
        for user in (self.leader, self.biller, self.auditor):
            with self.subTest(user.login):
                self.assertEqual(set(self._get_kpis(user)), set(KPIS))
        for user in (self.seller, self.internal):
            for name in KPIS:
                with self.subTest(user.login), self.assertRaises(AccessError):
                    self._value(name, 7, user=user)
            self.assertFalse(self._get_kpis(user), "the digest leaves them out")

    def test_digest_shows_amounts_as_money_and_leads_to_the_lists(self):
        self._invoice(1234.0)
        self._log_change(self.partner, "watch", "at_risk", "2024-04-09 09:00:00")
        kpis = self._get_kpis(self.leader)
        self.assertIn("1.2k", kpis["kpi_overdue_customers"]["kpi_col1"]["value"])
        self.assertIn(self.company.currency_id.symbol, str(kpis["kpi_cash_received"]["kpi_col1"]))
        self.assertEqual(kpis["kpi_newly_at_risk"]["kpi_col2"]["value"], 1)
        for user in (self.leader, self.biller, self.auditor):
            for kpi in self._get_kpis(user).values():
                action = self.env.ref(kpi["kpi_action"].split("?")[0]).sudo()
                self.env[action.res_model].with_user(user).check_access("read")

    def test_digest_is_sent(self):
        self.digest.user_ids = self.leader | self.seller
        self.digest.action_send_manual()
        mails = self.env["mail.mail"].sudo().search([("subject", "like", "Customers")])
        body = {mail.email_to: mail.body_html for mail in mails}
        self.assertIn("Overdue from Customers", body[self.leader.email_formatted])
        self.assertNotIn("Overdue from Customers", body[self.seller.email_formatted])

    def test_sums_are_computed_once_for_all_recipients(self):
        """Overdue on four days (today and a day, a week, a month ago), cash of six periods."""
        self._invoice(1234.0)
        self.digest.user_ids = self.leader | self.biller | self.auditor
        days = type(self.env["crm.customer.company.day"])
        for _repeated in range(2):
            with (
                patch.object(
                    days, "_get_overdue_total", autospec=True, return_value=77000.0
                ) as overdue,
                patch.object(days, "_get_cash_received", autospec=True, return_value=0.0) as cash,
            ):
                self.digest.action_send_manual()
            self.assertEqual((overdue.call_count, cash.call_count), (4, 6))
        mails = self.env["mail.mail"].sudo().search([("subject", "like", "Customers")])
        self.assertEqual(len(mails), 6)
        self.assertTrue(all("77k" in mail.body_html for mail in mails))

    def test_standard_digest_has_them(self):
        digest = self.env.ref("digest.digest_digest_default").sudo()
        self.assertTrue(all(digest[name] for name in KPIS))
        arch = self.env["digest.digest"].sudo().get_view(view_type="form")["arch"]
        for name in KPIS:
            self.assertIn(f'name="{name}"', arch)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestStatusChanges(HealthCommon):
    """The log of status changes: who is in it, who reads it, and what writing it costs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("c-seller", "sales_team.group_sale_salesman")
        cls.other = cls._create_user("c-other", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user("c-leader", "sales_team.group_sale_salesman_all_leads")
        cls.biller = cls._create_user("c-biller", "account.group_account_invoice")
        cls.auditor = cls._create_user("c-auditor", "account.group_account_readonly")
        cls.internal = cls._create_user("c-internal", "base.group_user")
        cls.admin = cls._create_user("c-admin", "base.group_system,account.group_account_manager")
        cls.changes = cls.env["crm.customer.health.change"]
        cls.own = cls._create_customer("Own", user_id=cls.seller.id)
        cls.others = cls._create_customer("Other's", user_id=cls.other.id)

    def _create_changes(self):
        return (
            self.changes.sudo()
            .create(
                [
                    {
                        "company_id": self.company.id,
                        "partner_id": partner.id,
                        "date": "2024-04-10",
                        "old_status": "watch",
                        "new_status": "at_risk",
                        "overdue_amount": 10.0,
                    }
                    for partner in (self.own, self.others)
                ]
            )
            .with_env(self.env)
        )

    def test_change_is_logged_when_the_status_changes(self):
        for day in (1, 2, 3):
            self._settled(1000.0, 0, due=f"2023-12-0{day}")
        invoice = self._invoice(9000.0, invoice_date_due="2024-04-30")
        self._refresh()
        domain = [("partner_id", "=", self.partner.id)]
        self.assertFalse(self.changes.search(domain), "a first status is no change")
        old = self._get_rows()[self.partner].health_status
        with freeze_time("2024-09-20 23:30"):
            self.company.partner_id.tz = "Europe/Rome"
            self._refresh()
            row = self._get_rows()[self.partner]
            self.assertNotEqual(row.health_status, old)
            change = self.changes.search(domain)
            self.assertRecordValues(
                change,
                [
                    {
                        "company_id": self.company.id,
                        "date": self._date("2024-09-21"),
                        "old_status": old,
                        "new_status": row.health_status,
                        "overdue_amount": 9000.0,
                    }
                ],
            )
            self._refresh()
            self.assertEqual(self.changes.search(domain), change, "once")
            self._pay(invoice, date="2024-09-20")
            self._refresh()
            row = self._get_rows()[self.partner]
            self.assertEqual(self.changes.search(domain, limit=1).new_status, row.health_status)

    def test_roles(self):
        changes = self._create_changes()
        for user, expected in (
            (self.seller, self.own),
            (self.other, self.others),
            (self.leader, self.own | self.others),
            (self.biller, self.own | self.others),
            (self.auditor, self.own | self.others),
        ):
            with self.subTest(user.login):
                found = self.changes.with_user(user).search([("id", "in", changes.ids)])
                self.assertEqual(found.partner_id.ids, expected.ids[::-1])
                found.read(["overdue_amount", "new_status"])
        with self.assertRaises(AccessError):
            changes[1].with_user(self.seller).read(["new_status"])
        with self.assertRaises(AccessError):
            self.changes.with_user(self.internal).search([])

    def test_nobody_writes_and_only_administrators_delete(self):
        change = self._create_changes()[0]
        for user in (self.seller, self.leader, self.biller, self.auditor, self.admin):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    change.with_user(user).write({"new_status": "healthy"})
                with self.assertRaises(AccessError):
                    change.with_user(user).copy()
                if user != self.admin:
                    with self.assertRaises(AccessError):
                        change.with_user(user).unlink()
        change.with_user(self.admin).unlink()
        self.assertFalse(change.exists())

    def test_other_company_is_not_shown(self):
        changes = self._create_changes()
        company = self.setup_other_company()["company"]
        stranger = self._create_user("c-stranger", "account.group_account_manager", company)
        self.assertFalse(self.changes.with_user(stranger).search([("id", "in", changes.ids)]))

    def test_merged_customers_keep_their_changes(self):
        changes = self._create_changes()
        (self.own | self.others).user_id = False
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.own | self.others).ids, self.own, extra_checks=False
        )
        self.env.invalidate_all()
        self.assertEqual(changes.partner_id, self.own)

    def test_list_is_searched_and_grouped(self):
        changes = self._create_changes()
        changes = self.changes.with_user(self.leader).search(
            [
                ("id", "in", changes.ids),
                ("user_id", "=", self.seller.id),
                ("date", ">", "today -7d"),
                ("new_status", "=", "at_risk"),
            ]
        )
        self.assertEqual(changes.partner_id, self.own)
        groups = self.changes.with_user(self.leader).formatted_read_group(
            [("partner_id", "in", (self.own | self.others).ids)], ["user_id"], ["__count"]
        )
        self.assertEqual(len(groups), 2)

    def test_cost_of_logging_is_bounded(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Many {number}"} for number in range(600)]
        )
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO crm_customer_health (
                company_id, partner_id, health_status, overdue_amount, refreshed_for)
            SELECT %s, id, 'at_risk', 10, %s FROM unnest(%s) id RETURNING id
            """,
            [self.company.id, "2024-04-10", customers.ids],
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        health = self.env["crm.customer.health"].sudo()

        def log(some):
            self.env.invalidate_all()
            count = self.env.cr.sql_log_count
            self.changes.sudo()._log(dict.fromkeys(health.browse(some), "watch"))
            self.env.flush_all()
            return self.env.cr.sql_log_count - count

        log(ids[:5])
        self.assertLessEqual(log(ids), log(ids[:5]) + 12, "a statement for 100 of them")
        self.assertEqual(
            self.changes.sudo().search_count([("partner_id", "in", customers.ids)]), 610
        )
