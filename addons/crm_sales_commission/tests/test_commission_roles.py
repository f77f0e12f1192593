from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CommissionCommon

MODELS = (
    "crm.commission.event",
    "crm.commission.statement",
    "crm.commission.report",
    "crm.commission.assignment",
)


@tagged("post_install", "-at_install")
class TestCommissionRoles(HttpCase, CommissionCommon):
    """Nobody sees or forges what somebody else earns."""

    @classmethod
    @freeze_time("2024-03-15")
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._create_user("leader-seller", "sales_team.group_sale_salesman")
        cls.all_leads = cls._create_user("all-seller", "sales_team.group_sale_salesman_all_leads")
        cls.manager = cls._create_user("manager-seller", "sales_team.group_sale_manager")
        cls.biller = cls._create_user("biller", "account.group_account_invoice")
        cls.payroll = cls._create_user("payroll", "account.group_account_manager")
        cls.internal = cls._create_user("internal", "base.group_user")
        cls.portal = cls._create_user("portal", "base.group_portal")
        cls.team = cls.env["crm.team"].create(
            {"name": "North", "user_id": cls.leader.id, "company_id": cls.company.id}
        )
        cls.env["crm.team.member"].create({"crm_team_id": cls.team.id, "user_id": cls.sam.id})
        cls._create_plan(cls.ann)
        for user in (cls.sam, cls.ann):
            cls._pay(cls._create_sale(1000.0, user=user), date="2024-02-10")
        cls._follow()
        cls.env["crm.commission.statement"].action_create_drafts()
        cls.statements = cls.env["crm.commission.statement"].search(
            [("date_to", "=", "2024-02-29")]
        )
        cls.sams = cls.statements.filtered(lambda row: row.user_id == cls.sam)
        cls.anns = cls.statements - cls.sams

    def _get_earners(self, model, user):
        return self.env[model].with_user(user).search([]).mapped("user_id.login")

    def test_who_sees_whose(self):
        both = {"sam-seller", "ann-seller"}
        for user, seen in (
            (self.sam, {"sam-seller"}),
            (self.ann, {"ann-seller"}),
            (self.leader, {"sam-seller"}),
            (self.all_leads, set()),
            (self.manager, both),
            (self.payroll, both),
        ):
            for model in MODELS:
                with self.subTest(model, user=user.login):
                    self.assertEqual(set(self._get_earners(model, user)), seen)
        for user in (self.biller, self.internal, self.portal):
            for model in MODELS:
                with self.subTest(model, user=user.login), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_not_by_other_paths(self):
        """Neither by id, context, group, export, search nor by the name of a person."""
        seller = self.sam
        for record in (self.anns, self.anns.line_ids):
            mine = record.with_user(seller).with_context(
                active_test=False, allowed_company_ids=self.company.ids, default_user_id=seller.id
            )
            for ask in (
                lambda mine=mine: mine.read(["user_id"]),
                lambda mine=mine: mine.export_data(["user_id/name"]),
                lambda mine=mine: mine.web_read({"user_id": {}}),
            ):
                with self.assertRaises(AccessError):
                    ask()
            self.assertFalse(mine.search([("user_id", "=", self.ann.id)]))
            self.assertNotIn(self.ann, [user for (user,) in mine._read_group([], ["user_id"])])
        for action in ("action_download_csv", "action_download_xlsx", "action_confirm"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(self.anns.with_user(seller), action)()
        plans = self.env["crm.commission.plan"].with_user(seller).search([])
        self.assertEqual(plans, self.plan)

    def test_nobody_forges(self):
        for user in (self.sam, self.leader, self.manager, self.payroll):
            for record in (self.sams, self.sams.line_ids[:1]):
                own = record.with_user(user)
                with self.assertRaises(AccessError):
                    own.write({"company_id": self.company.id})
                with self.assertRaises(AccessError):
                    own.unlink()
                with self.assertRaises(AccessError):
                    own.create({"user_id": user.id})
        for user in (self.sam, self.leader, self.payroll):
            with self.assertRaises(AccessError):
                self.sams.with_user(user).action_confirm()
            with self.assertRaises(AccessError):
                self.statements.with_user(user).action_create_drafts()
            with self.assertRaises(AccessError):
                self.plan.with_user(user).write({"rate": 90.0})
            with self.assertRaises(AccessError):
                self.plan.assignment_ids.with_user(user).write({"share": 90.0})

    @freeze_time("2024-03-15")
    def test_manager_confirms_and_payroll_pays(self):
        self.statements.with_user(self.manager).action_confirm()
        self.assertEqual(self.statements.confirmed_by_id, self.manager)
        with self.assertRaises(AccessError):
            self.sams.with_user(self.sam).action_mark_paid()
        self.statements.with_user(self.payroll).action_mark_paid()
        self.assertEqual(set(self.statements.mapped("state")), {"paid"})

    def test_no_activity_or_message_tells(self):
        """Plans and statements have no conversation that others could follow."""
        for model in MODELS:
            self.assertNotIn("activity_ids", self.env[model]._fields)
            self.assertNotIn("message_ids", self.env[model]._fields)

    @mute_logger("odoo.http")
    def test_download(self):
        self.authenticate("sam-seller", "sam-seller")
        url = "/crm_sales_commission/statements/csv?ids="
        response = self.url_open(f"{url}{self.sams.id}")
        self.assertEqual(response.status_code, 200)
        self.assertIn("sam-seller", response.text)
        self.assertEqual(self.url_open(f"{url}{self.sams.id},{self.anns.id}").status_code, 403)
        self.assertEqual(self.url_open(f"{url}{self.anns.id}").status_code, 403)
        self.assertEqual(self.url_open(f"{url}x").status_code, 404)
