from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import VerifyBooks

MODELS = (
    "account.receivable.verification",
    "account.receivable.verification.check",
    "account.receivable.verification.difference",
    "account.receivable.verification.total",
)


@tagged("post_install", "-at_install")
class TestVerificationAccess(VerifyBooks):
    """Only Accounting administrators start and read verifications, of their own companies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("verifier", "account.group_account_manager")

    def _as(self, user):
        return self.env["account.receivable.verification"].with_user(user)

    def test_others_may_not(self):
        run = self._verify()
        for group in (
            "base.group_user",
            "account.group_account_invoice",
            "account.group_account_readonly",
            "account.group_account_user",
            "base.group_system",
        ):
            with self.subTest(group):
                user = self._create_user(f"user of {group}", group)
                runs = self._as(user)
                with self.assertRaises(AccessError):
                    runs.action_verify_now()
                with self.assertRaises(AccessError):
                    run.with_user(user).action_cancel()
                with self.assertRaises(AccessError):
                    run.with_user(user).action_view_differences()
                for model in MODELS:
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(user).search([("id", "!=", 0)])

    def test_manager_starts_and_reads_and_writes_nothing(self):
        action = self._as(self.manager).action_verify_now()
        run = self._as(self.manager).browse(action["res_id"])
        self.assertEqual(run.user_id, self.manager)
        self.assertEqual(run.company_ids, self.company)
        self.assertEqual(run.state, "waiting")
        # Once more: the same one.
        self.assertEqual(self._as(self.manager).action_verify_now()["res_id"], run.id)
        self._verify()
        run.invalidate_recordset()
        self.assertEqual(run.state, "done")
        self.assertEqual(len(run.check_ids), len(run._get_checks()))
        self.assertEqual(run.check_ids.mapped("name"), list(run._get_checks()))
        for call in (
            lambda: run.write({"state": "waiting"}),
            run.unlink,
            lambda: run.check_ids.write({"difference_count": 0}),
            lambda: run.create({"company_ids": self.company.ids}),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_other_company_is_not_seen(self):
        company = self.setup_other_company(name="Theirs")["company"]
        run = self._verify(company)
        both = self._verify(self.company | company)
        runs = self._as(self.manager)
        self.assertNotIn(run, runs.search([("id", "!=", 0)]))
        own = both.with_user(self.manager)
        self.assertIn(own, runs.search([("id", "!=", 0)]))
        self.assertEqual(own.check_ids.company_id, self.company)
        self.assertLess(own.checked_count, both.checked_count)
        with self.assertRaises(AccessError):
            runs.with_context(allowed_company_ids=company.ids).action_verify_now()
        with self.assertRaises(AccessError):
            run.with_user(self.manager).action_view_differences()
        with self.assertRaises(AccessError):
            own.action_cancel()

    def test_stop(self):
        self._as(self.manager).action_verify_now()
        run = self._as(self.manager).search([("id", "!=", 0)], limit=1)
        run.action_cancel()
        self.assertEqual(run.state, "cancelled")
        with self.enter_registry_test_mode():
            self.env.ref("account_receivable_verify.ir_cron_verify").method_direct_trigger()
        self.assertEqual(run.state, "cancelled")

    def test_the_scheduled_one_is_off(self):
        cron = self.env.ref("account_receivable_verify.ir_cron_request")
        self.assertFalse(cron.active)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        run = self.env["account.receivable.verification"].sudo().search([], limit=1)
        self.assertIn(self.company, run.company_ids)
        self.assertEqual(run.state, "waiting")
