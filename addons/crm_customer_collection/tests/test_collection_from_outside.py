from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .flag_common import FlagCommon


@tagged("post_install", "-at_install")
class TestCollectionFromOutside(FlagCommon):
    """What was tried from outside: other people's dialogs, and what jobs remember."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("o-manager", "sales_team.group_sale_manager")
        cls.auditor = cls._create_user("o-auditor", "account.group_account_readonly")
        cls.internal = cls._create_user("o-internal", "base.group_user")

    def test_dialogs_are_their_creators(self):
        self._overdue()
        self._refresh()
        health = self._get_rows()[self.customer]
        promise = (
            self.env["crm.payment.promise.wizard"]
            .with_user(self.leader)
            .create({"health_ids": health.ids, "date": "2024-03-10", "amount": 10})
        )
        exclusion = (
            self.env["crm.customer.flag.exclusion.wizard"]
            .with_user(self.leader)
            .create({"health_ids": health.ids, "until": "2024-03-10", "reason": "Talks"})
        )
        for dialog in (promise, exclusion):
            for method, args in (("read", [["create_uid"]]), ("unlink", []), ("write", [{}])):
                with self.subTest(dialog._name, method=method), self.assertRaises(AccessError):
                    stolen = dialog.with_user(self.seller)
                    call_kw(stolen.browse(), method, [stolen.ids, *args], {})

    def test_who_records_nothing_gets_no_dialog(self):
        self._overdue()
        self._refresh()
        for method in ("action_record_promise", "action_exclude_from_flags"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(self.customer.with_user(self.auditor), method)()

    def test_what_jobs_remember_is_theirs(self):
        policy = self.policy.with_user(self.manager)
        for values in (
            {"weekly_changes_sent_on": "2030-01-01"},
            {"weekly_told_from_id": 10**6},
            {"weekly_told_until_id": 10**6},
            {"weekly_pending_user_ids": [(6, 0, self.internal.ids)]},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                policy.write(values)

    def test_who_is_told_may_see_figures(self):
        with self.assertRaisesRegex(ValidationError, "may not see figures"):
            self.policy.with_user(self.manager).fallback_user_id = self.internal
