from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_sales_commission.tests.common import CommissionCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestCommissionVerification(VerifyMixin, CommissionCommon):
    """Events add up to what the journals say, and statements to their events."""

    CHECKS = ("commission", "commission_gone", "commission_statements")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.setup_other_currency("EUR", rates=[("2023-01-01", 2.0)])
        cls.statements = cls.env["crm.commission.statement"]

    def _fill_books(self):
        """By 10 % of what was paid Sam earned 40 of 100, and 50 abroad; 20 were lost. Ann earned 5
        by levels, from 60 sold.
        """
        self.sale = self._create_sale(1000.0)
        self._pay(self.sale, 400.0, date="2024-02-10")
        abroad = self._create_sale(1000.0, currency_id=self.foreign.id)
        self._pay(abroad, date="2024-02-11", currency_id=self.foreign.id)
        lost = self._create_sale(200.0)
        self._pay(
            lost,
            1.0,
            date="2024-03-02",
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.levels = self._create_plan(
            self.ann,
            name="Levels",
            rate_kind="levels",
            level_ids=[
                Command.create({"start": start, "rate": rate})
                for start, rate in ((0.0, 5.0), (40.0, 15.0))
            ],
        )
        self._pay(self._create_sale(60.0, self.ann), date="2024-02-20")
        self._draw_up()

    def _draw_up(self):
        self._follow()
        self.statements.action_create_drafts()
        return self.statements.search([])

    def _spoil(self, record, **values):
        """Somebody writes by SQL, behind everybody's back."""
        self.env.flush_all()
        for name, value in values.items():
            self.env.cr.execute(
                f"UPDATE {record._table} SET {name} = %s WHERE id = %s", [value, record.id]
            )
        self.env.invalidate_all()

    def _get_event(self, document, kind="earned"):
        return self.env["crm.commission.event"].search(
            [("move_key", "=", document.id), ("kind", "=", kind)]
        )

    def _name(self, document, user=None, plan=None):
        user, plan = user or self.sam, plan or self.plan
        return f"{document.display_name}: {user.name}, {plan.name}"

    def test_clean_books(self):
        self._fill_books()
        run = self._verify()
        self.assertFalse(self._get_found(run))
        counts = {row.name: row.checked_count for row in self._get_checks(run)}
        # February's and March's statement of each.
        self.assertEqual(
            counts, {"commission": 4, "commission_gone": 0, "commission_statements": 4}
        )
        drafts = self.statements.search([("date_to", "=", "2024-02-29")])
        self.assertEqual(
            {row.user_id: row.earned_amount for row in drafts}, {self.sam: 90.0, self.ann: 5.0}
        )
        drafts.action_confirm()
        self.assertFalse(self._get_found(self._verify()))

    def test_two_companies(self):
        data = self.setup_other_company(name="Abroad", currency_id=self.foreign.id)
        company = data["company"]
        (self.sam | self.env.user).company_ids |= company
        plan = self._create_plan(self.sam, name="Abroad", company_id=company.id)
        self._fill_books()
        document = self._create_sale(
            70.0, company_id=company.id, journal_id=data["default_journal_sale"].id
        )
        self._follow()
        self.assertFalse(self._get_found(self._verify(self.company | company)))
        self._spoil(self._get_event(document, "open"), amount=7.5)
        run = self._verify(self.company | company)
        self.assertEqual(
            self._get_differences(run),
            {(self._name(document, plan=plan), "commission_amount_open"): (7.5, 7, 0.5)},
        )
        self.assertEqual(self._get_found(run).currency_id, self.foreign)

    def test_what_was_spoilt_is_found(self):
        self._fill_books()
        event = self._get_event(self.sale)
        self._spoil(event, base=450, amount=45)
        run = self._verify()
        statement = self.statements.search(
            [("user_id", "=", self.sam.id), ("date_to", "=", "2024-02-29")]
        )
        self.assertEqual(
            self._get_differences(run),
            {
                (self._name(self.sale), "commission_base_earned"): (450, 400, 50),
                (self._name(self.sale), "commission_amount_earned"): (45, 40, 5),
                # Which says what its events said before.
                (statement.display_name, "earned_amount"): (90, 95, -5),
            },
        )
        found = self._get_found(run).filtered(lambda row: row.check == "commission")
        self.assertEqual(
            {(row.res_model, row.res_id) for row in found}, {("account.move", self.sale.id)}
        )
        self.assertEqual(found.mapped("kept_at"), [event.create_date] * 2)
        self.assertIn("Commission: Earned", found.mapped("value_label"))

    def test_an_event_that_is_missing_or_of_somebody_else(self):
        self._fill_books()
        event = self._get_event(self.sale, "open")
        self._spoil(event, user_id=self.ann.id)
        self.assertEqual(
            self._get_differences(self._verify()),
            {
                (self._name(self.sale), "commission_base_open"): (0, 600, -600),
                (self._name(self.sale), "commission_amount_open"): (0, 60, -60),
                (self._name(self.sale, self.ann), "commission_base_open"): (600, 0, 600),
                (self._name(self.sale, self.ann), "commission_amount_open"): (60, 0, 60),
            },
        )

    def test_what_was_deleted_earns_nothing(self):
        self._fill_books()
        draft = self._create_sale(80.0)
        self._follow()
        name, key = draft.name, draft.id
        draft.button_draft()
        draft.unlink()
        self._follow()
        self.assertFalse(self._get_found(self._verify()))
        events = self.env["crm.commission.event"].search([("move_key", "=", key)])
        self.assertEqual(sorted(events.mapped("amount")), [-8, 8])
        self._spoil(events.filtered(lambda event: event.amount < 0), amount=-6)
        self.assertEqual(
            self._get_differences(self._verify()),
            {(f"{name}: {self.sam.name}, {self.plan.name}", "commission_amount_open"): (2, 0, 2)},
        )

    def test_statements(self):
        self._fill_books()
        drafts = self.statements.search([("date_to", "=", "2024-02-29")])
        by_user = drafts.grouped("user_id")
        sams, anns = by_user[self.sam], by_user[self.ann]
        self._spoil(anns, earned_amount=6)
        sams.action_confirm()
        self._spoil(sams, payable_amount=100, carried_amount=-1)
        following = self.statements.search(
            [("user_id", "=", self.sam.id), ("date_to", "=", "2024-03-31")]
        )
        self.assertEqual(
            self._get_differences(self._verify()),
            {
                # 40 at 5 %, 20 at 15 %.
                (anns.display_name, "earned_amount"): (6, 5, 1),
                (anns.display_name, "payable_amount"): (5, 6, -1),
                (sams.display_name, "payable_amount"): (100, 90, 10),
                (sams.display_name, "carried_amount"): (-1, 0, -1),
                (following.display_name, "opening_amount"): (0, -1, 1),
            },
        )

    def test_by_attainment(self):
        """115 of 100: at the rate of 115 %, and of 120 % when less is wanted."""
        target = self.env["crm.sales.target"].create(
            {"user_id": self.ann.id, "date_from": "2024-02-01", "target_amount": 100.0}
        )
        self._create_plan(
            self.ann,
            rate_kind="attainment",
            level_ids=[
                Command.create({"start": start, "rate": rate})
                for start, rate in ((0.0, 2.0), (115.0, 4.0), (120.0, 10.0))
            ],
        )
        self._pay(self._create_sale(115.0, self.ann), date="2024-02-20")
        draft = self._draw_up().filtered(lambda row: str(row.date_to) == "2024-02-29")
        self.assertEqual(draft.earned_amount, 4.6)
        self.assertFalse(self._get_found(self._verify()))
        target.target_amount = 80.0
        self.assertEqual(draft.earned_amount, 11.5)
        self.assertFalse(self._get_found(self._verify()))

    def test_plans_of_some_customers(self):
        other = self.env["res.partner"].create({"name": "Other"})
        self._create_plan(
            self.sam, name="Some", rate=1.0, partner_ids=[Command.set(self.partner.ids)]
        )
        self._create_sale(100.0)
        self._create_sale(100.0, partner_id=other.id)
        self._follow()
        self.assertEqual(self._get_sums("open"), {"sam-seller": 21.0})
        self.assertFalse(self._get_found(self._verify()))

    def test_who_is_being_updated_is_no_difference(self):
        self._fill_books()
        # What a transaction leaves behind until the scheduled action has read it.
        self._pay(self.sale, 100.0, date="2024-03-10")
        self.env.cr.flush()
        run = self._verify()
        self.assertFalse(self._get_found(run, "difference"))
        self.assertEqual(
            self._get_differences(run, "waiting"),
            {
                (self._name(self.sale), "commission_base_earned"): (400, 500, -100),
                (self._name(self.sale), "commission_amount_earned"): (40, 50, -10),
                (self._name(self.sale), "commission_base_open"): (600, 500, 100),
                (self._name(self.sale), "commission_amount_open"): (60, 50, 10),
            },
        )
        self._follow()
        self.assertFalse(self._get_found(self._verify()))
