from collections import defaultdict
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import crm_customer_health_snapshot
from ..models.crm_customer_health_snapshot import BACKFILL_MONTHS
from ..plain_health import PlainHealth
from .common import HealthCommon

FIGURES = (
    "open_amount",
    "not_due_amount",
    "overdue_amount",
    "overdue_1_30",
    "overdue_31_60",
    "overdue_61_90",
    "overdue_over_90",
    "disputed_amount",
    "unapplied_credit_amount",
    "overdue_count",
    "days_overdue",
    "payment_score",
    "payment_risk",
    "health_score",
    "health_status",
    "days_to_pay",
    "days_beyond_terms",
    "on_time_rate",
    "paid_amount",
    "written_off_amount",
    "revenue_12m",
)
COLUMNS = (*FIGURES, "invoiced_amount")
ALL_DOCUMENTS = "sales_team.group_sale_salesman_all_leads"


class SnapshotCommon(HealthCommon):
    """Month ends, taken as the scheduled action does, of the companies of the test only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.snapshots = cls.env["crm.customer.health.snapshot"].sudo()
        cls.months = cls.env["crm.customer.health.month"].sudo()
        cls.other = cls._create_customer("Late & Later")

    def _take(self, company=None, count=None):
        """Take the missing month ends of a company, or so many of them."""
        self._flush()
        company = company or self.company
        missing = [step for step in self.snapshots._get_missing() if step[0] == company]
        for step in missing[:count]:
            self.snapshots._take(*step)
        self.env.invalidate_all()

    def _forget(self, company=None):
        company = company or self.company
        self.snapshots.search([("company_id", "=", company.id)]).unlink()
        self.months.search([("company_id", "=", company.id)]).unlink()
        self._flush()

    def _get_snapshots(self, company=None):
        rows = self.snapshots.search([("company_id", "=", (company or self.company).id)])
        by_key = {(row.partner_id, str(row.date)): row for row in rows}
        self.assertEqual(len(by_key), len(rows), "a month end of a customer once")
        return by_key

    def _get_values(self, company=None):
        """All that is kept, as it is in the database: an empty score is no 0."""
        self.env.cr.execute(
            "SELECT * FROM crm_customer_health_snapshot WHERE company_id = %s",
            [(company or self.company).id],
        )
        rows = self.env.cr.dictfetchall()
        return {
            (row["partner_id"], str(row["date"])): {name: row[name] for name in COLUMNS}
            for row in rows
        }

    def _get_ledger(self, partner, day, company=None):
        """What the ledger says that the customer owes: posted journal items, one by one."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", (company or self.company).id),
                ("partner_id.commercial_partner_id", "=", partner.id),
            ]
        )
        return sum(
            line.balance
            for line in lines
            if line.parent_state == "posted"
            and line.account_type == "asset_receivable"
            and not line.account_id.non_trade
            and str(line.date) <= day
        )

    def _write_off(self, invoice, amount, date):
        entry = self._create_entry(
            (self.expense, None, amount),
            (self.receivable, invoice.commercial_partner_id, -amount),
            date=date,
        )
        self._settle(invoice, entry)


@tagged("post_install", "-at_install")
@freeze_time("2024-06-15 12:00:00")
class TestHealthSnapshot(SnapshotCommon):
    def _keep_books(self, day=lambda date: None):
        """Half a year of books; ``day`` is called with every date on which somebody works."""
        euro = self.setup_other_currency("EUR", rates=[("2023-01-01", 2.0), ("2024-03-01", 4.0)])
        day("2023-12-20")
        self._opening(250.0, "2023-12-20", due="2024-01-05", partner=self.other)
        first = self._invoice(1000.0, date="2023-12-20", invoice_date_due="2024-01-19")
        foreign = self._invoice(
            800.0,
            date="2023-12-22",
            invoice_date_due="2024-01-31",
            partner_id=self.other.id,
            currency_id=euro.id,
        )
        day("2024-01-10")
        self._pay(first, 400.0, date="2024-01-10")
        second = self._invoice(700.0)
        late = self._invoice(90.0, partner_id=self.other.id)
        self._create_entry(
            (self.bank_account, None, 60.0), (self.receivable, self.other, -60.0), date="2024-01-12"
        )
        day("2024-02-20")
        self._pay(first, 600.0, date="2024-02-20")
        second._reverse_moves([{"invoice_date": "2024-02-20", "date": "2024-02-20"}], cancel=True)
        day("2024-03-05")
        self._pay(foreign, date="2024-03-05")
        self._invoice(
            500.0, date="2024-03-05", invoice_date_due="2024-03-20", partner_id=self.other.id
        )
        day("2024-04-02")
        self._write_off(late, 90.0, "2024-04-02")
        day("2024-06-15")

    def test_balances_of_several_month_ends_are_those_of_the_last(self):
        """What stood at the end of each month does not add up; what was invoiced does."""
        self._keep_books()
        self._take()
        rows = self._get_snapshots()
        names = ("open_amount", "overdue_amount", "not_due_amount", "unapplied_credit_amount")
        groups = self.snapshots._read_group(
            [("company_id", "=", self.company.id)],
            ["partner_id"],
            [*(f"{name}:sum" for name in names), "invoiced_amount:sum"],
        )
        self.assertEqual({group[0] for group in groups}, {self.partner, self.other})
        for partner, *amounts, invoiced in groups:
            last = rows[partner, "2024-05-31"]
            self.assertEqual(amounts, [last[name] for name in names], partner.name)
            ends = [row for (of, _date), row in rows.items() if of == partner]
            self.assertEqual(invoiced, sum(row.invoiced_amount for row in ends))
            self.assertNotEqual(
                amounts[0], sum(row.open_amount for row in ends), "the test would prove nothing"
            )

    def test_month_ends_are_what_the_ledger_said(self):
        self._keep_books()
        self._take()
        rows = self._get_snapshots()
        ends = ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
        self.assertEqual({date for _partner, date in rows}, set(ends))
        for end in ends:
            plain = PlainHealth(self.env, self.company, self._date(end), self._get_settings())
            total = 0.0
            for partner in (self.partner, self.other):
                row = rows[partner, end]
                figures = plain.figures(partner)
                for name in FIGURES:
                    self.assertFigure(name, row[name], figures[name], f"{partner.name} on {end}")
                self.assertAlmostEqual(
                    row.open_amount - row.unapplied_credit_amount,
                    self._get_ledger(partner, end),
                    2,
                )
                total += row.open_amount - row.unapplied_credit_amount
                documents = self.env["account.move"].search(
                    [
                        ("company_id", "=", self.company.id),
                        ("commercial_partner_id", "=", partner.id),
                        ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
                        ("state", "=", "posted"),
                    ]
                )
                self.assertAlmostEqual(
                    row.invoiced_amount,
                    sum(
                        move.amount_total_signed
                        for move in documents
                        if str(move.invoice_date)[:7] == end[:7]
                    ),
                    2,
                )
            lines = self.env["account.move.line"].search(
                [
                    ("company_id", "=", self.company.id),
                    ("account_id", "=", self.receivable.id),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", end),
                ]
            )
            self.assertAlmostEqual(total, sum(lines.mapped("balance")), 2)
        # By hand: 1,000 less 400, and 700 to come; 250 and 800 at 2.0 and 90, 60 unmatched.
        january = rows[self.partner, "2024-01-31"]
        self.assertRecordValues(
            january,
            [
                {
                    "open_amount": 1300.0,
                    "overdue_1_30": 600.0,
                    "not_due_amount": 700.0,
                    "overdue_count": 1,
                    "days_overdue": 12,
                    "invoiced_amount": 700.0,
                    "revenue_12m": 1700.0,
                }
            ],
        )
        self.assertRecordValues(
            rows[self.other, "2024-01-31"],
            [{"open_amount": 740.0, "unapplied_credit_amount": 60.0, "overdue_amount": 250.0}],
        )

    def test_backfilled_equals_live(self):
        """What is replayed later is what was taken when the month ended."""

        def work(date):
            clock.move_to(f"{date} 12:00:00")
            self._take()

        with freeze_time("2023-12-20 12:00:00") as clock:
            self._keep_books(work)
        live = self._get_values()
        self.assertEqual(len({date for _partner, date in live}), 6)
        self._forget()
        self._take()
        self.assertEqual(self._get_values(), live)

    def test_killed_in_the_middle_and_run_twice(self):
        self._keep_books()
        self._take()
        whole = self._get_values()
        self._forget()
        self._take(count=2)
        cut = self._get_values()
        with (
            self.assertRaises(KeyboardInterrupt),
            self.env.cr.savepoint(),
            patch.object(type(self.snapshots), "_insert_settled", side_effect=KeyboardInterrupt),
        ):
            self._take(count=1)
        self.assertEqual(self._get_values(), cut)
        self.assertEqual(len(self.snapshots._get_months(self.company)), 2)
        self._take()
        self.assertEqual(self._get_values(), whole)
        ids = {key: row.id for key, row in self._get_snapshots().items()}
        self._take()
        self.assertEqual({key: row.id for key, row in self._get_snapshots().items()}, ids)
        # Even when somebody else took it in between.
        self.snapshots._take(self.company, self._date("2024-05-31"))
        self.assertEqual({key: row.id for key, row in self._get_snapshots().items()}, ids)

    def test_scheduled_action_goes_step_by_step(self):
        self._keep_books()
        self._flush()
        cron = self.env.ref("crm_customer_health.ir_cron_take_snapshots")
        own = [step for step in self.snapshots._get_missing() if step[0] == self.company]
        self.assertEqual(len(own), 6)
        with (
            patch.object(type(self.snapshots), "_get_missing", lambda self: own),
            patch.object(crm_customer_health_snapshot, "MONTHS_PER_STEP", 2),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=0) as commit,
        ):
            self.snapshots._cron_take_snapshots()
        self.assertEqual(commit.call_count, 2, "stops when the time is up")
        self.assertEqual(
            [str(month.date) for month in self.snapshots._get_months(self.company)],
            ["2024-05-31", "2024-04-30"],
        )
        # When time runs short each step keeps one month end at least.
        with patch.object(crm_customer_health_snapshot, "SECONDS_PER_STEP", -1):
            steps = [
                (end, self.company) for end in (self._date("2024-03-31"), self._date("2024-02-29"))
            ]
            self.assertEqual(self.snapshots._take_together(steps), 1)
        self.assertEqual(len(self.snapshots._get_months(self.company)), 3)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(self.snapshots._get_months(self.company)), 6)
        self.assertEqual(self.snapshots._get_missing(), [])
        together = self._get_values()
        self._forget()
        self._take()
        self.assertEqual(self._get_values(), together, "reading settlements once is the same")

    def test_history_is_not_rewritten(self):
        invoice = self._invoice()
        self._pay(invoice, date="2024-02-10")
        self._take()
        before = self._get_values()
        invoice.line_ids.remove_move_reconcile()
        self._invoice(9.0, date="2024-02-15")
        self._take()
        self.assertEqual(self._get_values(), before)

    def test_which_month_ends(self):
        def missing():
            self._flush()
            return [
                str(end)
                for company, end in self.snapshots._get_missing()
                if company == self.company
            ]

        self.assertEqual(missing(), [], "a company without receivables")
        self._invoice(date="2024-06-01")
        self.assertEqual(missing(), [], "the month is not over")
        with freeze_time("2024-06-30 12:00:00"):
            self.assertEqual(missing(), [], "not on its last day")
            self.company.partner_id.tz = "Pacific/Auckland"
            self.assertEqual(missing(), ["2024-06-30"], "July in Auckland")
            self.company.partner_id.tz = False
        with freeze_time("2024-07-01 12:00:00"):
            self.assertEqual(missing(), ["2024-06-30"])
        self._invoice(date="2024-03-31")
        self.assertEqual(missing(), ["2024-05-31", "2024-04-30", "2024-03-31"])
        self._invoice(date="2019-02-01")
        ends = missing()
        self.assertEqual(len(ends), BACKFILL_MONTHS)
        self.assertEqual((ends[0], ends[-1]), ("2024-05-31", "2022-06-30"))

    def test_a_month_without_customers_is_taken_once(self):
        """Nothing to keep of somebody who bought once, years ago, and paid."""
        self._pay(self._invoice(date="2022-08-10"), date="2022-08-12")
        self._take()
        rows = self._get_snapshots()
        self.assertNotIn((self.partner, "2024-05-31"), rows)
        self.assertIn((self.partner, "2023-07-31"), rows)
        self.assertFalse(
            [step for step in self.snapshots._get_missing() if step[0] == self.company]
        )

    def test_who_had_something_open_has_a_row_after_it(self):
        """An opening balance, settled: it leaves no settlement and no invoice behind."""
        entry = self._opening(250.0, "2024-01-05")
        self._settle(
            entry,
            self._create_entry(
                (self.bank_account, None, 250.0),
                (self.receivable, self.partner, -250.0),
                date="2024-03-05",
            ),
        )
        self._take()
        newest_first = self._get_values()
        self.assertEqual(
            {date: row["open_amount"] for (_partner, date), row in newest_first.items()},
            {"2024-01-31": 250.0, "2024-02-29": 250.0, "2024-03-31": 0.0},
        )
        self.assertEqual(newest_first[self.partner.id, "2024-03-31"]["health_score"], None)
        self._forget()
        for _company, end in reversed(
            [step for step in self.snapshots._get_missing() if step[0] == self.company]
        ):
            self.snapshots._take(self.company, end)
        self.assertEqual(self._get_values(), newest_first)

    def test_merged_customers(self):
        self._keep_books()
        self._take()
        before = defaultdict(float)
        for (_partner, end), row in self._get_snapshots().items():
            before[end] += row.open_amount - row.unapplied_credit_amount
        bystander = self._create_customer("Bystander")
        self._invoice(33.0, partner_id=bystander.id)
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | self.other).ids, self.partner
        )
        self._flush()
        rows = self._get_snapshots()
        self.assertEqual({partner for partner, _end in rows}, {self.partner})
        self.assertEqual({end for _partner, end in rows}, set(before))
        for (partner, end), row in rows.items():
            self.assertAlmostEqual(row.open_amount - row.unapplied_credit_amount, before[end], 2)
            figures = PlainHealth(
                self.env, self.company, self._date(end), self._get_settings()
            ).figures(partner)
            for name in set(FIGURES) - {"health_score", "health_status"}:
                self.assertFigure(name, row[name], figures[name], end)

    def test_merged_into_who_had_nothing(self):
        self._keep_books()
        self._take()
        kept = {
            end: row
            for (partner, end), row in self._get_values().items()
            if partner == self.partner.id
        }
        empty = self._create_customer("Prompt and Sons")
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (self.partner | empty).ids, empty
        )
        self._flush()
        values = self._get_values()
        self.assertEqual({partner for partner, _end in values}, {empty.id, self.other.id})
        self.assertEqual(
            {end: row for (partner, end), row in values.items() if partner == empty.id},
            kept,
            "judged with what was usual then",
        )

    def test_merged_contacts_without_invoices_are_left_alone(self):
        self._keep_books()
        self._take()
        ids = self.snapshots.search([("company_id", "=", self.company.id)]).ids
        contact, twin = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.partner.id} for name in ("Ann", "Anne")]
        )
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge((contact | twin).ids, twin)
        self._flush()
        self.assertEqual(self.snapshots.search([("company_id", "=", self.company.id)]).ids, ids)

    def test_companies_with_their_own_currencies(self):
        franc = self.setup_other_currency("CHF", rates=[("2023-01-01", 3.0)])
        second = self.setup_other_company(name="Second", currency_id=franc.id)["company"]
        self.env.user.company_ids |= second
        self.assertNotEqual(second.currency_id, self.company.currency_id)
        self._invoice(1000.0)
        self.env["account.move"].with_company(second).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2024-02-10",
                "invoice_payment_term_id": False,
                "invoice_date_due": "2024-04-10",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 300.0, "tax_ids": False})
                ],
            }
        ).action_post()
        self._take()
        self._take(second)
        first, other = self._get_snapshots(), self._get_snapshots(second)
        self.assertEqual(first[self.partner, "2024-03-31"].open_amount, 1000.0)
        self.assertNotIn((self.partner, "2024-01-31"), other)
        row = other[self.partner, "2024-03-31"]
        own = self.env["account.move"].search([("company_id", "=", second.id)])
        self.assertEqual(row.currency_id, second.currency_id)
        self.assertAlmostEqual(row.open_amount, sum(own.mapped("amount_total_signed")), 2)
        user = self._create_user("hd_one_company", ALL_DOCUMENTS)
        self.assertEqual(
            self.env["crm.customer.health.snapshot"].with_user(user).search([]).company_id,
            self.company,
        )

    def test_roles(self):
        mine = self._create_user("hd_mine", "sales_team.group_sale_salesman")
        everybody = self._create_user("hd_all", ALL_DOCUMENTS)
        self.partner.user_id = mine
        self.other.user_id = everybody
        self._invoice()
        self._invoice(partner_id=self.other.id)
        self._take()
        model = self.env["crm.customer.health.snapshot"]
        own = [("company_id", "=", self.company.id)]

        def seen(user):
            return model.with_user(user).search(own).partner_id

        self.assertEqual(seen(mine), self.partner)
        self.assertEqual(seen(everybody), self.partner | self.other)
        for group in ("account.group_account_invoice", "account.group_account_readonly"):
            user = self._create_user(f"hd_{group[-8:]}", group)
            self.assertEqual(seen(user), self.partner | self.other, group)
            self.assertEqual(
                len(model.with_user(user)._read_group(own, ["user_id"], ["open_amount:sum"])), 2
            )
        # No guessing by searching, grouping or exporting.
        hidden = model.with_user(mine).search([("open_amount", "=", 1000.0), *own]).partner_id
        self.assertEqual(hidden, self.partner)
        [(total,)] = model.with_user(mine)._read_group(
            [*own, ("date", "=", "2024-05-31")], aggregates=["open_amount:sum"]
        )
        self.assertEqual(total, 1000.0)
        foreign = self.snapshots.search([("partner_id", "=", self.other.id)])
        mine.group_ids += self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            foreign.with_user(mine).export_data(["open_amount"])
        with self.assertRaises(AccessError):
            foreign.with_user(everybody).write({"open_amount": 0})
        for group in ("base.group_user", "base.group_portal", "stock.group_stock_user"):
            if self.env.ref(group, raise_if_not_found=False):
                user = self._create_user(f"hd_no_{group[-6:]}", group)
                with self.assertRaises(AccessError), mute_logger("odoo.models"):
                    model.with_user(user).search(own)

    def test_groups_and_my_customers(self):
        team = self.env["crm.team"].create({"name": "North"})
        seller = self._create_user("hd_seller", "sales_team.group_sale_salesman")
        team.member_ids = seller
        self.partner.write({"user_id": seller.id, "country_id": self.env.ref("base.hr").id})
        self.partner.industry_id = self.env.ref("base.res_partner_industry_A")
        self._invoice()
        self._take()
        model = self.env["crm.customer.health.snapshot"].with_user(seller)
        domain = [("company_id", "=", self.company.id), ("date", "=", "2024-05-31")]
        for name, value in (
            ("user_id", seller),
            ("team_id", team),
            ("country_id", self.env.ref("base.hr")),
            ("industry_id", self.env.ref("base.res_partner_industry_A")),
        ):
            groups = model._read_group(domain, [name], ["open_amount:sum"])
            self.assertEqual(groups, [(value, 1000.0)], name)
        self.assertTrue(model.search([*domain, ("is_mine", "=", True)]).is_mine)
        self.assertFalse(model.search([*domain, ("is_mine", "=", False)]))

    def test_small_charts(self):
        self._keep_books()
        self._take()
        self._refresh()
        health = self._get_rows()[self.partner]
        self.assertEqual(health.snapshot_count, 6)
        self.assertIn('"label": "Jan 2024", "value": 600.0', health.overdue_graph)
        self.assertEqual(health.score_graph.count('"label"'), 5, "December had no score")
        action = health.action_view_snapshots()
        self.assertEqual(
            self.snapshots.search_count(action["domain"]), 6, "the history of this customer"
        )

    def test_months_are_calendar_months(self):
        end = self._date("2024-02-29")
        self.assertEqual(self.snapshots._get_month_end_after(end), self._date("2024-03-31"))
        self.assertEqual(self.snapshots._get_month_end_before(end), self._date("2024-01-31"))
        self.assertEqual(
            self.snapshots._get_month_end_after(self._date("2024-01-31")),
            end,
        )
