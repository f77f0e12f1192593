from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import HealthCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00")
class TestHealthPolicy(HealthCommon):
    """Settings: what contradicts is refused, what changes is logged and computes figures anew."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("p-manager", "sales_team.group_sale_manager")
        cls.accountant = cls._create_user("p-accountant", "account.group_account_manager")
        cls.biller = cls._create_user("p-biller", "account.group_account_invoice")
        cls.seller = cls._create_user("p-seller", "sales_team.group_sale_salesman_all_leads")
        policy = cls._get_policy().with_user(cls.manager)
        cls.policy = policy.with_context(tracking_disable=False, mail_notrack=False)
        cls.norm = (
            cls.env["crm.customer.health.norm"].sudo().search([("company_id", "=", cls.company.id)])
        )
        cls.env["crm.customer.health"].sudo()._refresh(cls.company)
        cls.env.cr.flush()  # what was created before is no change

    def _get_changes(self):
        """Logged changes ``(author, field, old, new)``, newest first."""
        self._flush()
        changes = []
        for message in self.policy.sudo().message_ids:
            for value in message.tracking_value_ids:
                formatted = value._tracking_value_format()[0]
                changes.append(
                    (
                        message.author_id,
                        value.field_id.name,
                        formatted["oldValue"],
                        formatted["newValue"],
                    )
                )
        return changes

    def test_contradictions_are_refused(self):
        for values, sentence in (
            ({"window_months": 0}, "between 1 and 120 months"),
            ({"window_months": 121}, "between 1 and 120 months"),
            ({"minimum_items": -1}, "between 0 and 1000 items"),
            ({"payment_weight": -5}, "negative"),
            (
                # Those of other addons' measures, too.
                dict.fromkeys(self.policy._get_weight_fields(), 0),
                "add up to zero",
            ),
            ({"watch_score": 80}, "bands of the health score are out of order"),
            ({"watch_score": 0}, "bands of the health score are out of order"),
            ({"healthy_score": 101}, "bands of the health score are out of order"),
            ({"medium_risk_score": 90}, "bands of the payment risk are out of order"),
            ({"low_risk_score": 100.5}, "bands of the payment risk are out of order"),
            (
                {
                    "threshold_ids": [
                        Command.create({"amount": 1000, "days": 10}),
                        Command.create({"amount": 5000, "days": 20}),
                    ]
                },
                "thresholds contradict each other",
            ),
            (
                {
                    "threshold_ids": [
                        Command.create({"amount": 1000, "days": 10}),
                        Command.create({"amount": 1000, "days": 20}),
                    ]
                },
                "thresholds contradict each other",
            ),
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(ValidationError, sentence),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.policy.write(values)
                self.policy.flush_recordset()

    def test_a_threshold_is_positive(self):
        for values in ({"amount": -1, "days": 10}, {"amount": 10, "days": 0}):
            with (
                self.subTest(values),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.policy.threshold_ids = [Command.create(values)]

    def test_a_threshold_is_checked_by_itself_too(self):
        self.policy.threshold_ids = [
            Command.create({"amount": 1000, "days": 30}),
            Command.create({"amount": 5000, "days": 10}),
        ]
        small = self.policy.threshold_ids.filtered(lambda line: line.amount == 1000)
        with self.assertRaisesRegex(ValidationError, "smaller amount must be allowed more days"):
            small.days = 5

    def test_changes_are_logged_with_who_old_and_new(self):
        self.policy.write({"window_months": 6, "healthy_score": 75})
        author = self.manager.partner_id
        self.assertEqual(
            sorted(self._get_changes()[:2], key=lambda change: change[1]),
            [(author, "healthy_score", 80.0, 75.0), (author, "window_months", 12, 6)],
        )

    def test_changes_of_thresholds_are_logged(self):
        """Also what a line says, and once for a transaction."""
        self.policy.threshold_ids = [
            Command.create({"amount": 1000, "days": 30}),
            Command.create({"amount": 5000, "days": 10}),
        ]
        small, large = self._get_changes()[0][3].split(", ")
        self.assertEqual(self._get_changes()[0][1:3], ("threshold_ids", ""))
        count = len(self._get_changes())
        line = self.policy.threshold_ids.filtered(lambda line: line.amount == 1000)
        line.days = 45
        author, name, old, new = self._get_changes()[0]
        self.assertEqual((author, name), (self.manager.partner_id, "threshold_ids"))
        self.assertEqual(old, f"{small}, {large}")
        self.assertEqual(new, f"{small.replace('30', '45')}, {large}")
        line.with_user(self.accountant).unlink()
        author, __, old, new = self._get_changes()[0]
        self.assertEqual((author, new), (self.accountant.partner_id, large))
        self.assertEqual(len(self._get_changes()), count + 2)

    def test_a_log_stays(self):
        self.policy.window_months = 6
        self._flush()
        message = self.policy.sudo().message_ids.filtered("tracking_value_ids")[:1]
        for user in (self.manager, self.accountant):
            with self.assertRaises(AccessError):
                message.with_user(user).unlink()
            with self.assertRaises(AccessError):
                message.with_user(user).body = "Nothing happened"

    def test_changing_computes_anew(self):
        invoice = self._invoice(1000.0)
        self._pay(invoice, date="2024-02-29")
        self._refresh()
        self.assertEqual(self.norm.as_of_date, self._date("2024-04-10"))
        self.assertFalse(self.policy.is_recomputing)
        trigger_domain = [("cron_id", "=", self.env.ref("crm_customer_health.ir_cron_refresh").id)]
        triggers = self.env["ir.cron.trigger"].sudo()
        for change in (
            {"low_risk_score": 60},
            {"threshold_ids": [Command.create({"amount": 10, "days": 3})]},
            {"payment_weight": 60},
        ):
            self.norm.as_of_date = "2024-04-10"
            before = triggers.search_count(trigger_domain)
            self.policy.write(change)
            self._flush()
            with self.subTest(change):
                self.assertTrue(self.policy.is_recomputing)
                self.assertGreater(triggers.search_count(trigger_domain), before)
        row = self._get_rows()[self.partner]
        self.assertEqual(row.payment_risk, "medium")
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_health.ir_cron_refresh").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(row.payment_risk, "low")
        self.assertFalse(self.policy.is_recomputing)

    def test_recompute_button(self):
        self.norm.as_of_date = "2024-04-10"
        self.policy.action_recompute()
        self.assertFalse(self.norm.as_of_date)
        for user in (self.seller, self.biller):
            with self.assertRaises(AccessError):
                self.policy.with_user(user).action_recompute()

    def test_needs_action_follows_the_thresholds(self):
        self._invoice(1000.0)  # 61 days overdue
        for thresholds, needs_action in (
            ([], False),
            ([(1000, 61)], True),
            ([(1000, 62)], False),
            ([(1001, 61)], False),
            ([(5000, 10), (900, 60)], True),
        ):
            self.policy.threshold_ids = [
                Command.clear(),
                *(Command.create({"amount": amount, "days": days}) for amount, days in thresholds),
            ]
            self._refresh()
            with self.subTest(thresholds):
                self.assertEqual(self._get_rows()[self.partner].needs_action, needs_action)

    def test_what_is_not_matched_yet_counts_against_the_oldest(self):
        self._invoice(1000.0)  # 61 days overdue
        self._invoice(500.0, invoice_date_due="2024-03-31")  # 10 days
        self.policy.threshold_ids = [
            Command.clear(),
            Command.create({"amount": 1400, "days": 1}),
            Command.create({"amount": 700, "days": 60}),
        ]
        for credit, needs_action in ((0.0, True), (200.0, True), (101.0, False), (1200.0, False)):
            # Money of a payment that nobody has matched; each is added to those before.
            if credit:
                self._opening(-credit, "2024-04-01")
            self._refresh()
            row = self._get_rows()[self.partner]
            with self.subTest(credit):
                self.assertEqual(row.needs_action, needs_action)
                self.assertEqual(row.overdue_amount, 1500.0, "as the ledger says")

    def test_who_may_change_it(self):
        for user in (self.manager, self.accountant):
            policy = self.policy.with_user(user)
            action = policy.with_company(self.company).action_open_policy()
            self.assertEqual(action["res_id"], self.policy.id)
            with Form(policy) as form:
                form.window_months += 1
                with form.threshold_ids.new() as line:
                    line.amount = 100 * user.id
                    line.days = 10000 - user.id
            with self.assertRaises(AccessError):
                policy.create({"company_id": self.company.id})
            with self.assertRaises(AccessError):
                policy.unlink()
        for user in (self.seller, self.biller):
            with self.assertRaises(AccessError):
                self.policy.with_user(user).window_months = 3
            with self.assertRaises(AccessError):
                self.env["crm.customer.health.threshold"].with_user(user).create(
                    {"policy_id": self.policy.id, "amount": 1, "days": 1}
                )

    def test_a_company_has_its_policy(self):
        company = self.env["res.company"].sudo().create({"name": "New"})
        policy = self._get_policy(company)
        self.assertEqual(policy.company_id, company)
        self.assertFalse(
            self.env["crm.customer.health.policy"]
            .with_user(self.manager)
            .search([("company_id", "=", company.id)])
        )
