from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestSalesTargets(CommissionCommon):
    """What was attained follows invoices and payments; everybody has a page."""

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
                **values,
            }
        )

    @freeze_time("2024-02-20")
    def test_attained_by_measure(self):
        deal = self._create_deal(user_id=self.sam.id, team_id=self.team.id)
        january = self._create_sale(500.0, date="2024-01-20")
        self._pay(january, date="2024-01-25")
        invoice = self._create_deal_invoice(
            [(1000.0, deal), (200.0, None)], date="2024-02-05", invoice_user_id=self.ann.id
        )
        self._pay(invoice, 600.0, date="2024-02-10")
        self._create_sale(
            300.0,
            date="2024-02-12",
            partner_id=self.env["res.partner"].create({"name": "New"}).id,
        )
        self._flush()
        targets = [
            self._create_target(self.sam, target_amount=2000.0),
            self._create_target(self.sam, measure="invoiced", target_amount=1000.0),
            self._create_target(self.ann),
            self._create_target(team_id=self.team.id, period="quarter", target_amount=1000.0),
            self._create_target(self.sam, measure="new_customers", target_count=2),
        ]
        for target, (amount, attainment, before) in zip(
            targets,
            (
                (500.0, 25.0, 500.0),
                (1300.0, 130.0, 500.0),
                (100.0, 0.0, 0.0),
                (1100.0, 110.0, 0.0),
                (0.0, 50.0, 0.0),
            ),
            strict=True,
        ):
            self.assertEqual(
                (target.attained_amount, target.attainment, target.previous_amount),
                (amount, attainment, before),
                target.measure,
            )
        self.assertEqual(targets[3].date_from, self._date("2024-01-01"))
        self.assertEqual(targets[4].attained_count, 1)

    def test_closed_is_kept(self):
        with freeze_time("2024-02-20"):
            target = self._create_target(self.sam, target_amount=1000.0)
            self._pay(self._create_sale(500.0, date="2024-02-05"), date="2024-02-10")
            with self.assertRaises(UserError):
                target.action_close()
        with freeze_time("2024-03-05"):
            self.env["crm.sales.target"]._cron_close()
            self.assertEqual(target.state, "open")
        with freeze_time("2024-03-20"):
            self.env["crm.sales.target"]._cron_close()
            self.assertEqual((target.state, target.closed_amount), ("closed", 500.0))
            self._pay(self._create_sale(500.0, date="2024-02-05"), date="2024-02-11")
            self._flush()
            self.assertEqual(target.attained_amount, 500.0)
            for vals in ({"target_amount": 1.0}, {"state": "open"}):
                with self.assertRaises(UserError):
                    target.write(vals)

    @freeze_time("2024-02-20")
    def test_cost_does_not_grow(self):
        self._pay(self._create_sale(500.0, date="2024-02-05"), date="2024-02-10")
        self._follow()
        targets = self.env["crm.sales.target"]
        for measure in ("paid", "invoiced"):
            for user in (self.sam, self.ann):
                targets |= self._create_target(user, measure=measure, target_amount=1000.0)
            targets |= self._create_target(team_id=self.team.id, measure=measure)
        names = ["attained_amount", "commission_earned", "overdue_customer_count"]

        def count(records):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            records.read(names)
            return self.cr.sql_log_count - before

        count(targets)
        self.assertEqual(count(targets), count(targets[0]))

    @freeze_time("2024-02-20")
    def test_my_page(self):
        """Without a target, with one, and only one's own."""
        Target = self.env["crm.sales.target"]
        invoice = self._create_sale(1000.0, date="2024-02-01")
        self._pay(invoice, 400.0, date="2024-02-10")
        self._follow()
        action = Target.with_user(self.sam).action_open_my_page()
        page = Target.browse(action["res_id"]).with_user(self.sam)
        self.assertEqual(page.user_id, self.sam)
        self.assertFalse(page.has_target)
        values = page.web_read(
            {
                name: {}
                for name in (
                    "attained_amount",
                    "commission_earned",
                    "commission_accrued",
                    "commission_payable",
                    "graph",
                )
            }
        )[0]
        self.assertEqual(values["attained_amount"], 400.0)
        self.assertEqual(values["commission_earned"], 40.0)
        self.assertEqual(values["commission_accrued"], 60.0)
        self.assertEqual(Target.with_user(self.sam).action_open_my_page()["res_id"], page.id)
        target = self._create_target(self.sam, measure="invoiced", target_amount=100.0)
        self.assertEqual(Target.with_user(self.sam).action_open_my_page()["res_id"], target.id)
        for name in ("overdue", "flags", "promises", "deals", "lapsed", "commission"):
            action = getattr(page, f"action_view_{name}")()
            self.env[action["res_model"]].with_user(self.sam).search(action["domain"])

    @freeze_time("2024-02-20")
    def test_lists_of_the_page(self):
        self.partner.user_id = self.sam
        self._create_sale(1000.0, date="2024-01-01")
        self._create_deal(user_id=self.sam.id, date_deadline="2024-02-25")
        self._create_deal(user_id=self.sam.id, date_deadline="2024-03-25")
        self._follow()
        changes = self.env["account.receivable.change"].sudo()
        while changes._work_off("crm.customer.health"):
            pass
        health = self.env["crm.customer.health"].search([("partner_id", "=", self.partner.id)])
        self.env["crm.payment.promise"].create(
            {
                "partner_id": self.partner.id,
                "company_id": self.company.id,
                "date": "2024-02-20",
                "amount": 500.0,
            }
        )
        self.assertTrue(health.overdue_amount)
        page = self._create_target(self.sam).with_user(self.sam)
        self.assertEqual(
            (page.overdue_customer_count, page.deal_count, page.promise_count), (1, 1, 1)
        )
        anns = self._create_target(self.ann)
        self.assertFalse(anns.overdue_customer_count + anns.deal_count + anns.promise_count)

    @freeze_time("2024-02-20")
    def test_roles(self):
        leader = self._create_user("leader", "sales_team.group_sale_salesman")
        self.team.user_id = leader
        biller = self._create_user("biller", "account.group_account_invoice")
        own, other = self._create_target(self.sam), self._create_target(self.ann)
        of_team = self._create_target(team_id=self.team.id)
        Target = self.env["crm.sales.target"]
        self.assertEqual(Target.with_user(self.sam).search([]), own)
        self.assertEqual(Target.with_user(leader).search([]), own | other | of_team)
        with self.assertRaises(AccessError):
            other.with_user(self.sam).read(["commission_earned"])
        with self.assertRaises(AccessError):
            own.with_user(self.sam).write({"target_amount": 1.0})
        with self.assertRaises(AccessError):
            own.with_user(self.sam).action_close()
        with self.assertRaises(AccessError):
            Target.with_user(self.sam).create({"user_id": self.sam.id})
        for user in (biller, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                Target.with_user(user).action_open_my_page()

    @freeze_time("2024-03-15")
    def test_drafts_follow_targets(self):
        """115 % to the cent, in binary a little less; and a target that is changed and deleted."""
        self._create_plan(
            self.ann,
            rate_kind="attainment",
            level_ids=[
                Command.create({"start": start, "rate": rate})
                for start, rate in ((0.0, 2.0), (115.0, 4.0), (200.0, 6.0))
            ],
        )
        target = self._create_target(self.ann, target_amount=1000.0)
        self._pay(self._create_sale(1150.0, user=self.ann), date="2024-02-05")
        self._follow()
        self.env["crm.commission.statement"].action_create_drafts()
        statement = self.env["crm.commission.statement"].search(
            [("date_to", "=", "2024-02-29"), ("user_id", "=", self.ann.id)]
        )
        self.assertEqual(statement.earned_amount, 46.0)
        target.target_amount = 1150.01
        self.assertEqual(statement.earned_amount, 23.0)
        target.target_amount = 575.0
        self.assertEqual(statement.earned_amount, 69.0)
        target.unlink()
        self.assertEqual(statement.earned_amount, 23.0)
        self._create_target(self.ann, target_amount=1000.0)
        self.assertEqual(statement.earned_amount, 46.0)

    def test_rate_by_attainment(self):
        self._create_plan(
            self.ann,
            rate_kind="attainment",
            level_ids=[
                Command.create({"start": 0.0, "rate": 2.0}),
                Command.create({"start": 80.0, "rate": 4.0}),
                Command.create({"start": 100.0, "rate": 6.0}),
            ],
        )
        with freeze_time("2024-03-15"):
            self._create_target(self.ann, target_amount=1000.0)
            invoice = self._create_sale(2000.0, user=self.ann)
            self._pay(invoice, 700.0, date="2024-02-05")
            self._follow()
            self.env["crm.commission.statement"].action_create_drafts()
            statement = self.env["crm.commission.statement"].search(
                [("date_to", "=", "2024-02-29"), ("user_id", "=", self.ann.id)]
            )
            self.assertEqual(statement.earned_amount, 14.0)
            self._pay(invoice, 100.0, date="2024-02-06")
            self._follow()
            self.assertEqual(statement.earned_amount, 32.0)
            # The page says what it would be if the period ended now.
            self.assertEqual(self.env["crm.sales.target"].search([]).commission_earned, 32.0)
            self._pay(invoice, 300.0, date="2024-02-06")
            self._follow()
            statement.action_confirm()
            self.assertEqual(statement.earned_amount, 66.0)
            self.assertAlmostEqual(sum(statement.event_ids.mapped("amount")), 66.0)
