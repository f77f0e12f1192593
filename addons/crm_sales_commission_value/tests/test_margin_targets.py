from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MarginCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-20")
class TestMarginTargets(MarginCommon):
    """What was invoiced less what it cost, of salespeople and teams."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create({"name": "North", "company_id": cls.company.id})
        for user in (cls.sam, cls.ann):
            cls.env["crm.team.member"].create({"crm_team_id": cls.team.id, "user_id": user.id})

    @classmethod
    def _create_target(cls, user=None, **values):
        return cls.env["crm.sales.target"].create(
            {
                "user_id": user and user.id,
                "company_id": cls.company.id,
                "date_from": "2024-02-01",
                "measure": "margin",
                **values,
            }
        )

    def test_attained(self):
        """1,000 less 600, half of it credited, and 500 of unknown cost apart."""
        self._sell_press(date="2024-01-15")
        invoice = self._create_document(
            [
                {"price_unit": 1000.0, "product_id": self.press.id},
                {"price_unit": 500.0, "name": "By hand"},
            ],
            invoice_user_id=self.sam.id,
            date="2024-02-05",
        )
        self._sell_press(
            line={"quantity": 0.5},
            move_type="out_refund",
            reversed_entry_id=invoice.id,
            date="2024-02-06",
        )
        self._sell_press(800.0, user=self.ann, date="2024-02-07")
        self._follow()
        sams = self._create_target(self.sam, target_margin=1000.0)
        of_team = self._create_target(team_id=self.team.id, period="quarter", target_margin=800.0)
        without = self._create_target(self.ann)
        for target, expected in (
            (sams, (200.0, 400.0, 500.0, 20.0)),
            (of_team, (800.0, 0.0, 500.0, 100.0)),
            (without, (200.0, 0.0, 0.0, 0.0)),
        ):
            self.assertEqual(
                (
                    target.attained_margin,
                    target.previous_margin,
                    target.revenue_without_cost,
                    target.attainment,
                ),
                expected,
            )
            self.assertEqual((target.attained_amount, target.unit), (0.0, "margin"))
        self.assertEqual([sams.has_target, without.has_target], [True, False])
        self.assertIn("200", sams.margin_graph)
        self.assertNotIn("200", sams.graph)

    def test_sales_of_a_deal(self):
        deal = self._create_deal(user_id=self.ann.id, team_id=self.team.id)
        self._create_document(
            [
                {"price_unit": 1000.0, "product_id": self.press.id, "opportunity_id": deal.id},
                {"price_unit": 700.0, "product_id": self.press.id},
            ],
            invoice_user_id=self.sam.id,
            date="2024-02-05",
        )
        self._follow()
        self.assertEqual(self._create_target(self.ann).attained_margin, 400.0)
        self.assertEqual(self._create_target(self.sam).attained_margin, 100.0)

    def test_not_frozen_yet_is_unknown(self):
        self._sell_press(date="2024-02-05")
        self._flush()
        target = self._create_target(self.sam)
        self.assertEqual((target.attained_margin, target.revenue_without_cost), (0.0, 1000.0))

    def test_closed_is_kept(self):
        self._sell_press(date="2024-02-05")
        self._follow()
        target = self._create_target(self.sam, target_margin=800.0)
        with freeze_time("2024-03-20"):
            self.env["crm.sales.target"]._cron_close()
            self.assertEqual((target.state, target.closed_margin), ("closed", 400.0))
            self._sell_press(date="2024-02-06")
            self._follow()
            self.assertEqual((target.attained_margin, target.attainment), (400.0, 50.0))

    def test_beside_other_measures(self):
        self._pay(self._sell_press(date="2024-02-05"), 500.0, date="2024-02-10")
        self._follow()
        margin = self._create_target(self.sam, target_margin=800.0)
        paid = self._create_target(self.sam, measure="paid", target_amount=1000.0)
        both = margin | paid
        self.assertEqual(both.mapped("attainment"), [50.0, 50.0])
        self.assertEqual(both.mapped("attained_amount"), [0.0, 500.0])
        self.assertEqual(both.mapped("attained_margin"), [400.0, 0.0])
        self.assertEqual(
            self.env["crm.sales.target"].with_user(self.sam).action_open_my_page()["res_id"],
            paid.id,
        )
        paid.unlink()
        self.assertEqual(
            self.env["crm.sales.target"].with_user(self.sam).action_open_my_page()["res_id"],
            margin.id,
        )

    def test_cost_does_not_grow(self):
        self._sell_press(date="2024-02-05")
        self._follow()
        targets = self._create_target(self.sam, target_margin=100.0)
        targets |= self._create_target(self.ann, target_margin=100.0)
        targets |= self._create_target(team_id=self.team.id)

        def count(records):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            records.read(["attained_margin", "attainment"])
            return self.cr.sql_log_count - before

        count(targets)
        self.assertEqual(count(targets), count(targets[0]))

    @mute_logger("odoo.sql_db")
    def test_not_negative(self):
        with self.assertRaises(CheckViolation):
            self._create_target(self.sam, target_margin=-1.0).flush_recordset()

    def test_rate_by_attainment(self):
        """400 of 500 are 80 %."""
        self._create_plan(
            self.ann,
            measure="margin",
            rate_kind="attainment",
            level_ids=[
                Command.create({"start": 0.0, "rate": 2.0}),
                Command.create({"start": 80.0, "rate": 4.0}),
            ],
        )
        target = self._create_target(self.ann, target_margin=500.0)
        self._pay(self._sell_press(user=self.ann, date="2024-02-01"), date="2024-02-10")
        self._follow()
        self.assertEqual(target.commission_earned, 16.0)
        self.assertEqual(target.with_user(self.ann).commission_earned, 16.0)
        target.target_margin = 501.0
        self.env["crm.commission.statement"].action_create_drafts()
        statement = self.env["crm.commission.statement"].search([("user_id", "=", self.ann.id)])
        self.assertEqual(set(statement.mapped("earned_amount")), {8.0})
        target.target_margin = 500.0  # the draft follows
        self.assertEqual(set(statement.mapped("earned_amount")), {16.0})
