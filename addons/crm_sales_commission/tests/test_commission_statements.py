import csv
import io

import openpyxl
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestCommissionStatements(CommissionCommon):
    """Draft, confirmed, paid out; what is confirmed is never computed again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.statements = cls.env["crm.commission.statement"]

    def _draw_up(self, date_to="2024-02-29"):
        self._follow()
        self.statements.action_create_drafts()
        return self.statements.search([("date_to", "=", date_to)])

    @freeze_time("2024-03-15")
    def test_draft_follows_and_confirmed_stays(self):
        invoice = self._create_sale(1000.0)
        self._pay(invoice, 400.0, date="2024-02-10")
        statement = self._draw_up()
        self.assertRecordValues(
            statement,
            [{"user_id": self.sam.id, "earned_amount": 40.0, "payable_amount": 40.0}],
        )
        payment = self._pay(invoice, 600.0, date="2024-02-12")
        self._follow()
        self.assertEqual(statement.payable_amount, 100.0)
        statement.action_confirm()
        self.assertEqual(statement.event_ids.mapped("amount"), [60.0, 40.0])
        self.assertEqual(statement.line_ids, statement.event_ids)
        # It bounces afterwards: that is of the next statement.
        payment.move_id.line_ids.remove_move_reconcile()
        self._follow()
        self.assertEqual(statement.payable_amount, 100.0)
        self.assertEqual(sum(statement.line_ids.mapped("amount")), 100.0)
        statement.action_mark_paid()
        self.assertEqual(statement.state, "paid")
        following = self._draw_up("2024-03-31")
        self.assertRecordValues(
            following,
            [{"earned_amount": -60.0, "payable_amount": 0.0, "carried_amount": -60.0}],
        )
        self.assertEarned(sam=40.0)
        log = self.env["crm.accounting.log"].search([("res_model", "=", statement._name)])
        self.assertEqual(len(log), 2)

    def test_negative_balance_is_carried_over(self):
        with freeze_time("2024-03-15"):
            invoice = self._create_sale(1000.0)
            payment = self._pay(invoice, 600.0, date="2024-02-10")
            self._draw_up().action_confirm()
            payment.move_id.line_ids.remove_move_reconcile()
            self._follow()
        with freeze_time("2024-04-15"):
            self._draw_up("2024-03-31").action_confirm()
            self._pay(invoice, 1000.0, date="2024-04-02")
            self._follow()
        with freeze_time("2024-05-15"):
            statement = self._draw_up("2024-04-30")
            self.assertRecordValues(
                statement,
                [{"opening_amount": -60.0, "earned_amount": 100.0, "payable_amount": 40.0}],
            )

    @freeze_time("2024-03-15")
    def test_late_event_of_a_closed_period(self):
        """A payment of February that is registered after February was confirmed."""
        self._pay(self._create_sale(1000.0), date="2024-02-10")
        february = self._draw_up()
        february.action_confirm()
        self._pay(self._create_sale(500.0), date="2024-02-20")
        march = self._draw_up("2024-03-31")
        self.assertEqual(february.payable_amount, 100.0)
        self.assertEqual(march.payable_amount, 50.0)

    @freeze_time("2024-03-15")
    def test_who_may_confirm_and_when(self):
        manager = self._create_user("boss-seller", "sales_team.group_sale_manager")
        plan = self._create_plan(manager)
        self._pay(self._create_sale(1000.0, user=manager), date="2024-02-10")
        statement = self._draw_up()
        with self.assertRaises(UserError):
            statement.with_user(manager).action_confirm()
        statement.action_confirm()
        with self.assertRaises(UserError):
            statement.with_user(manager).action_mark_paid()
        self._pay(self._create_sale(200.0, user=manager), date="2024-03-10")
        running = self._draw_up("2024-03-31")
        self.assertEqual(running.user_id, manager)
        with self.assertRaises(UserError):
            running.action_confirm()
        self.assertTrue(plan)

    @freeze_time("2024-03-15")
    def test_periods_are_confirmed_in_order(self):
        self._pay(self._create_sale(1000.0), date="2024-02-10")
        first = self._draw_up()
        with freeze_time("2024-04-15"):
            self._pay(self._create_sale(1000.0), date="2024-03-10")
            second = self._draw_up("2024-03-31")
            self.assertEqual(second.earned_amount, 100.0)
            with self.assertRaises(UserError):
                second.action_confirm()
            (first | second).action_confirm()
            self.assertEqual(second.payable_amount, 100.0)

    @freeze_time("2024-03-15")
    def test_levels_are_fixed_by_the_period(self):
        plan = self._create_plan(
            self.ann,
            rate_kind="levels",
            level_ids=[
                Command.create({"start": 0.0, "rate": 5.0}),
                Command.create({"start": 1000.0, "rate": 10.0}),
            ],
        )
        first = self._create_sale(1000.0, user=self.ann)
        self._pay(first, date="2024-02-05")
        second = self._create_sale(500.0, user=self.ann)
        payment = self._pay(second, date="2024-02-07")
        statement = self._draw_up()
        self.assertEqual(statement.earned_amount, 100.0)
        # In an open period a bounced payment leaves the rates open.
        payment.move_id.line_ids.remove_move_reconcile()
        self._follow()
        self.assertEqual(statement.earned_amount, 50.0)
        payment = self._pay(second, date="2024-02-08")
        self._follow()
        self.assertEqual(statement.earned_amount, 100.0)
        statement.action_confirm()
        self.assertAlmostEqual(sum(statement.event_ids.mapped("amount")), 100.0)
        self.assertEqual(set(statement.event_ids.mapped("rate")), {6.6667})
        # A later correction carries the rate of what it corrects.
        amounts = statement.event_ids.filtered(lambda row: row.date.day == 8).mapped("amount")
        payment.move_id.line_ids.remove_move_reconcile()
        following = self._draw_up("2024-03-31")
        self.assertAlmostEqual(following.earned_amount, -sum(amounts))
        self.assertEqual(plan._get_amount(-100.0), -5.0)

    @freeze_time("2024-03-15")
    def test_for_payroll(self):
        self.partner.name = "=HYPERLINK(1)"
        self._pay(self._create_sale(1000.0), date="2024-02-10")
        statement = self._draw_up()
        export = self.env["crm.commission.export"]
        rows = list(csv.reader(io.StringIO(export._get_csv(statement).decode("utf-8-sig"))))
        line = dict(zip(*rows, strict=True))
        self.assertEqual(line["Who Earns"], self.sam.name)
        self.assertEqual(line["Commission"], "100.0")
        self.assertEqual(line["Customer"], "'=HYPERLINK(1)")
        self.assertEqual(line["Why"], "Settled on 02/10/2024")
        book = openpyxl.load_workbook(io.BytesIO(export._get_xlsx(statement)))
        sums, lines = book.worksheets
        self.assertEqual([cell.value for cell in sums[2]][7], 100.0)
        cell = next(cell for cell in lines[2] if cell.value == "=HYPERLINK(1)")
        self.assertEqual(cell.data_type, "s")

    @freeze_time("2024-03-15")
    def test_report_says_where_it_stands(self):
        invoice = self._create_sale(1000.0)
        self._pay(invoice, 400.0, date="2024-02-10")
        statement = self._draw_up()

        def get_stages():
            self._flush()
            rows = self.env["crm.commission.report"]._read_group(
                [("user_id", "=", self.sam.id)], ["stage"], ["amount:sum"]
            )
            return {stage: amount for stage, amount in rows if amount}

        self.assertEqual(get_stages(), {"accrued": 60.0, "earned": 40.0})
        statement.action_confirm()
        self.assertEqual(get_stages(), {"accrued": 60.0, "payable": 40.0})
        statement.action_mark_paid()
        self.assertEqual(get_stages(), {"accrued": 60.0, "paid_out": 40.0})
