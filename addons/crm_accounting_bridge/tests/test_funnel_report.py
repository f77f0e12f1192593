from datetime import datetime
from statistics import median

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import BridgeCommon

PHASES = ["enquiry", "qualified", "won", "invoiced", "paid"]
#: Another addon may put phases of its own in between.
OWN_PHASES = ("phase", "in", PHASES)


@tagged("post_install", "-at_install")
@freeze_time("2024-06-01 12:00:00")
class TestFunnelReport(BridgeCommon):
    """From enquiry to cash, compared with numbers that a child can count."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "UTC"
        cls.report = cls.env["crm.billing.funnel.report"]
        cls.reason = cls.env["crm.lost.reason"].create({"name": "Too dear"})
        cls.source = cls.env["utm.source"].create({"name": "Trade fair"})
        deal = cls._create_funnel_deal
        cls.enquiry = deal("Enquiry", type="lead", expected_revenue=10.0)
        cls.lost = deal("Lost", expected_revenue=20.0, source_id=cls.source.id)
        cls.open = deal("Open", expected_revenue=40.0)
        cls.won = deal("Won", expected_revenue=80.0, won="2024-01-20 09:00:00")
        cls.invoiced = deal("Invoiced", expected_revenue=160.0, won="2024-01-20 09:00:00")
        cls.paid = deal("Paid", expected_revenue=320.0, won="2024-01-05 23:30:00")
        cls.slow = deal(
            "Slow", expected_revenue=640.0, won="2024-01-08 09:00:00", source_id=cls.source.id
        )
        cls.deals = cls.enquiry | cls.lost | cls.open | cls.won | cls.invoiced | cls.paid | cls.slow
        cls.lost.action_set_lost(lost_reason_id=cls.reason.id)
        # 5, 5 and 30 days after "Won"; paid 10 and 60 days later
        invoice = cls._create_deal_invoice([(150.0, cls.invoiced)], date="2024-01-25")
        cls._pay(invoice, 50.0, date="2024-02-01")
        invoice = cls._create_deal_invoice([(300.0, cls.paid)], date="2024-01-10")
        cls._pay(invoice, date="2024-01-20")
        invoice = cls._create_deal_invoice([(600.0, cls.slow)], date="2024-02-07")
        cls._pay(invoice, date="2024-04-07")
        cls._follow_accounting()
        cls._set_dates(cls.deals, create_date="2024-01-02 08:00:00")
        cls._set_dates(cls.won | cls.invoiced, date_closed="2024-01-20 09:00:00")
        cls._set_dates(cls.paid, date_closed="2024-01-05 23:30:00")
        cls._set_dates(cls.slow, date_closed="2024-01-08 09:00:00")

    @classmethod
    def _create_funnel_deal(cls, name, won=None, **values):
        deal = cls._create_deal(name, user_id=False, **values)
        if won:
            deal.action_set_won()
        return deal

    @classmethod
    def _set_dates(cls, deals, **dates):
        """Dates that the ORM takes from the clock of the database."""
        cls.env.cr.flush()
        for name, value in dates.items():
            cls.env.cr.execute(
                SQL(
                    "UPDATE crm_lead SET %s = %s WHERE id = ANY(%s)",
                    SQL.identifier(name),
                    datetime.fromisoformat(value),
                    deals.ids,
                )
            )
        cls.env.invalidate_all()

    def _read(self, *aggregates, groupby=("phase",), deals=None, user=None, domain=()):
        report = self.report.with_user(user) if user else self.report
        rows = report._read_group(
            [("lead_id", "in", (self.deals if deals is None else deals).ids), OWN_PHASES, *domain],
            groupby,
            aggregates,
        )
        return {row[0]: row[1:] if len(row) > 2 else row[1] for row in rows}

    def test_phases_in_their_order(self):
        self.assertEqual(list(self._read("reached_count:count_distinct")), PHASES)
        reverse = self.report._read_group(
            [("lead_id", "in", self.deals.ids), OWN_PHASES], ["phase"], order="phase desc"
        )
        self.assertEqual([phase for (phase,) in reverse], PHASES[::-1])

    def test_counts(self):
        self.assertEqual(
            self._read("reached_count:count_distinct"),
            {"enquiry": 7, "qualified": 6, "won": 4, "invoiced": 3, "paid": 2},
        )
        [(total,)] = self.report._read_group(
            [("lead_id", "in", self.deals.ids)], aggregates=["reached_count:count_distinct"]
        )
        self.assertEqual(total, 7, "Each once")

    def test_amounts(self):
        self.assertEqual(
            self._read("amount:sum"),
            {
                "enquiry": 1270.0,
                "qualified": 1260.0,
                "won": 1200.0,
                "invoiced": 1050.0,
                "paid": 900.0,
            },
        )
        received = self._read("received_amount:sum")
        self.assertEqual(received["paid"], 950.0, "the part payment of an open invoice, too")
        self.assertFalse(any(received[phase] for phase in PHASES[:-1]))

    def test_phases_are_not_mixed(self):
        by_source = self._read("amount:sum", "conversion_rate:avg", groupby=("source_id",))
        self.assertEqual(by_source[self.source], (False, False))
        by_source = self._read("amount:sum", groupby=("source_id",), domain=[("phase", "=", "won")])
        self.assertEqual(by_source[self.source], 640.0)

    def test_conversion(self):
        conversion = self._read("conversion_rate:avg", "step_conversion_rate:avg")
        reached = [7, 6, 4, 3, 2]
        for position, phase in enumerate(PHASES):
            total, step = conversion[phase]
            self.assertAlmostEqual(float(total), reached[position] / 7)
            if phase in ("qualified", "invoiced", "paid"):
                self.assertAlmostEqual(float(step), reached[position] / reached[position - 1])
        self.assertFalse(conversion["enquiry"][1])

    def test_days(self):
        days = self._read("days:median")
        self.assertEqual(days["won"], median([18, 18, 3, 6]))
        self.assertEqual(days["invoiced"], median([5, 5, 30]))
        self.assertEqual(days["paid"], median([10, 60]))
        self.assertEqual(days["qualified"], 0)
        self.assertIs(days["enquiry"], False, "Nothing is before an enquiry")

    def test_unknown_and_contrary_dates(self):
        """An invoice before the day of winning took no days; an unknown date counts nowhere."""
        self._set_dates(self.slow, date_closed="2024-03-01 09:00:00")
        self.assertEqual(self._read("days:median")["invoiced"], median([5, 5, 0]))
        direct = self._create_deal("Won of itself")
        self._set_dates(direct, create_date="2024-01-02 08:00:00")
        direct.is_stage_held = True
        self._create_deal_invoice([(10.0, direct)], date="2024-01-08")
        self._flush()
        days = self._read("days:median", deals=direct)
        self.assertIs(days["won"], False)
        self.assertEqual(days["invoiced"], 6)

    def test_day_is_that_of_the_company(self):
        self.company.partner_id.tz = "Europe/Zagreb"
        row = self.report.search([("lead_id", "=", self.paid.id), ("phase", "=", "won")])
        self.assertEqual(row.date_reached, self._date("2024-01-06"))
        self.assertEqual(row.days, 4)

    def test_lost_on_the_way(self):
        self.assertEqual(
            self._read("lost_count:sum"),
            {"enquiry": 0, "qualified": 1, "won": 0, "invoiced": 0, "paid": 0},
        )
        by_reason = self._read("lost_count:sum", groupby=("lost_reason_id",))
        self.assertEqual(by_reason[self.reason], 1)
        rows = self.report.search([("lead_id", "=", self.lost.id), OWN_PHASES])
        self.assertEqual(rows.mapped("is_reached"), [True, True, False, False, False])

    def test_by_source_and_month(self):
        self.assertEqual(
            self._read(
                "reached_count:count_distinct",
                groupby=("source_id",),
                domain=[("phase", "=", "paid")],
            ),
            {self.source: 1, self.env["utm.source"]: 1},
        )
        by_month = self._read("reached_count:count_distinct", groupby=("enquiry_date:month",))
        self.assertEqual(by_month, {self._date("2024-01-01"): 7})

    def test_web_client_reads_it(self):
        groups = self.report.formatted_read_grouping_sets(
            [("lead_id", "in", self.deals.ids), OWN_PHASES],
            [[], ["phase"], ["phase", "won_status"]],
            ["days:median", "reached_count:count_distinct", "step_conversion_rate:avg"],
        )
        self.assertEqual([group["phase"] for group in groups[1]], PHASES)
        self.assertEqual(groups[1][3]["days:median"], 5)
        self.assertEqual(self.report.fields_get(["days"])["days"]["aggregator"], "median")

    def test_drill_down(self):
        domain = [("lead_id", "in", self.deals.ids)]
        for phase, deals in (
            ("enquiry", self.deals),
            ("won", self.won | self.invoiced | self.paid | self.slow),
            ("paid", self.invoiced | self.paid | self.slow),
        ):
            action = self.report.action_view_leads([*domain, ("phase", "=", phase)])
            found = (
                self.env[action["res_model"]]
                .with_context(**action["context"])
                .search(action["domain"])
            )
            self.assertEqual(found, deals, phase)
        row = self.report.search([("lead_id", "=", self.won.id)], limit=1)
        self.assertEqual(row.action_view_lead()["res_id"], self.won.id)

    def test_by_hand(self):
        self.open._set_manual_billing(
            {
                "manual_billing_status": "paid",
                "manual_invoiced": 44.0,
                "manual_paid": 44.0,
                "manual_invoice_date": "2024-03-01",
                "manual_payment_date": "2024-03-15",
                "manual_reason": "Old program",
            }
        )
        self._flush()
        rows = self.report.search([("lead_id", "=", self.open.id), OWN_PHASES])
        self.assertEqual(rows.mapped("phase"), PHASES)
        self.assertEqual(rows.mapped("amount"), [40.0, 40.0, 40.0, 44.0, 44.0])
        self.assertEqual(rows.mapped("is_reached"), [True] * 5)
        self.assertEqual(rows[4].days, 14)

    def test_credited_and_skipped(self):
        """A credited deal was invoiced, of an amount of nothing; what is later came by before."""
        invoice = self._create_deal_invoice([(80.0, self.won)], date="2024-02-01")
        invoice._reverse_moves([{"date": "2024-02-03", "invoice_date": "2024-02-03"}], cancel=True)
        self.won.write({"stage_id": self.stage_new.id, "probability": 10.0})
        self._flush()
        rows = self.report.search([("lead_id", "=", self.won.id), OWN_PHASES])
        self.assertEqual(rows.mapped("is_reached"), [True, True, True, True, False])
        self.assertEqual(rows.mapped("amount"), [80.0, 80.0, 80.0, 0.0, 0.0])
        self.assertFalse(rows[2].date_reached)
        # From the last phase whose date is known.
        self.assertEqual(rows[3].days, 30)

    def test_other_currency(self):
        other = self.setup_other_currency("EUR", rates=[("2024-01-01", 4.0), ("2024-05-01", 2.0)])
        company = self.setup_other_company(currency_id=other.id)["company"]
        deal = self._create_deal("Abroad", company_id=company.id, expected_revenue=100.0)
        deal.env.flush_all()
        report = self.report.with_context(allowed_company_ids=[self.company.id, company.id])
        rows = report.search([("lead_id", "=", deal.id)])
        self.assertEqual(rows.currency_id, self.company.currency_id)
        self.assertEqual(rows[0].amount, 50.0)
        self.assertFalse(
            self.report.with_context(allowed_company_ids=self.company.ids).search(
                [("lead_id", "=", deal.id)]
            )
        )

    def test_roles(self):
        values = {"company_id": self.company.id, "company_ids": [Command.set(self.company.ids)]}

        def user(login, groups):
            return new_test_user(self.env, login, f"base.group_{groups}", **values)

        own = user("own", "user,sales_team.group_sale_salesman")
        everything = user("all", "user,sales_team.group_sale_salesman_all_leads")
        accountant = user("acc", "user,account.group_account_invoice")
        self.paid.user_id = own
        self.slow.user_id = everything
        self._flush()
        self.assertEqual(
            self._read("reached_count:count_distinct", user=own),
            {"enquiry": 6, "qualified": 5, "won": 3, "invoiced": 2, "paid": 1},
        )
        self.assertEqual(self._read("reached_count:count_distinct", user=everything)["paid"], 2)
        self.assertEqual(self._read("reached_count:count_distinct", user=accountant)["enquiry"], 6)
        # As for the opportunities themselves.
        for person in (own, everything, accountant):
            seen = self.report.with_user(person).search([("lead_id", "in", self.deals.ids)])
            leads = (
                self.env["crm.lead"]
                .with_user(person)
                .with_context(active_test=False)
                .search([("id", "in", self.deals.ids)])
            )
            self.assertEqual(seen.lead_id, leads)
        for person in (
            user("int", "user"),
            user("por", "portal"),
            user("pub", "public"),
            user("aud", "user,account.group_account_readonly"),
        ):
            with self.assertRaises(AccessError):
                self.report.with_user(person).search([])
            with self.assertRaises(AccessError):
                self.report.with_user(person).action_view_leads([])
            with self.assertRaises(AccessError):
                self._read("amount:sum", user=person)

    def test_statements_do_not_grow(self):
        def count(deals):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self._read("amount:sum", "days:median", deals=deals)
            return self.cr.sql_log_count - start

        count(self.deals)
        self.assertEqual(count(self.deals[0]), count(self.deals))
