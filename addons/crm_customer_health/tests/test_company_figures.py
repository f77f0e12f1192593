from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_health_snapshot import ALL_DOCUMENTS, SnapshotCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-07-15 12:00:00")
class TestCompanyFigures(SnapshotCommon):
    """Figures of the whole company and of slices; the numbers are those of the textbooks."""

    def _sell(self, amount, date, due, partner=None, paid=None):
        """An invoice; ``paid`` is an amount and a date."""
        invoice = self._invoice(
            amount, date=date, invoice_date_due=due, partner_id=(partner or self.partner).id
        )
        if paid:
            self._pay(invoice, paid[0], date=paid[1])
        return invoice

    def _get_report(self, end, slice_type="company", company=None):
        """Rows as they are in the database: an empty figure is no 0."""
        rows = (
            self.env["crm.receivables.report"]
            .sudo()
            .search(
                [
                    ("company_id", "=", (company or self.company).id),
                    ("date", "=", end),
                    ("slice_type", "=", slice_type),
                ]
            )
        )
        names = [
            name
            for name, field in rows._fields.items()
            if field.type in ("float", "monetary", "integer") and name != "id"
        ]
        groups = (
            self.env["crm.receivables.report"]
            .sudo()
            ._read_group([("id", "in", rows.ids)], ["id"], [f"{name}:max" for name in names])
        )
        return {row.slice_name: dict(zip(names, values, strict=True)) for row, *values in groups}

    def assertCompany(self, end, company=None, **expected):
        [row] = self._get_report(end, company=company).values()
        for name, value in expected.items():
            if value is None:
                self.assertIn(row[name], (None, False), name)
            else:
                self.assertAlmostEqual(row[name], value, 2, name)

    def test_days_sales_outstanding(self):
        """15,000 open, 4,000 not due, 10,000 sold in 30 days: 45, 12 and 33 days."""
        self._sell(11000.0, "2024-03-05", "2024-04-04")
        self._sell(4000.0, "2024-04-10", "2024-05-30")
        self._sell(6000.0, "2024-04-12", "2024-04-20", paid=(6000.0, "2024-04-20"))
        self._take()
        self.assertCompany(
            "2024-04-30",
            days=30,
            open_amount=15000.0,
            not_due_amount=4000.0,
            overdue_amount=11000.0,
            sales_amount=10000.0,
            begin_amount=11000.0,
            dso=45.0,
            best_possible_dso=12.0,
            average_days_delinquent=33.0,
        )

    def test_collection_effectiveness(self):
        """(6,200 + 3,630 - 6,340) / (6,200 + 3,630 - 3,590) = 3,490 / 6,240."""
        self._sell(6200.0, "2024-03-05", "2024-04-04", paid=(3450.0, "2024-04-10"))
        self._sell(3630.0, "2024-04-10", "2024-05-30", paid=(40.0, "2024-04-12"))
        self._take()
        self.assertCompany(
            "2024-04-30",
            begin_amount=6200.0,
            sales_amount=3630.0,
            open_amount=6340.0,
            not_due_amount=3590.0,
            collection_effectiveness=55.93,
        )
        self.assertCompany("2024-03-31", begin_amount=None, collection_effectiveness=None)

    def test_count_back(self):
        """212 open, 100, 80 and 70 sold: 32/70 of the oldest month's 30 days, 13.714, and the two
        newer months whole; one of them has 31 days here.
        """
        self._sell(70000.0, "2024-04-10", "2024-05-10", paid=(38000.0, "2024-04-20"))
        self._sell(80000.0, "2024-05-10", "2024-06-10")
        self._sell(100000.0, "2024-06-10", "2024-07-10")
        self._take()
        self.assertCompany("2024-06-30", open_amount=212000.0, dso_countback=73.714 + 1)
        self.assertCompany("2024-05-31", open_amount=112000.0, dso_countback=31 + 13.714)
        self.assertCompany("2024-04-30", open_amount=32000.0, dso_countback=13.714)

    def test_count_back_of_what_no_sales_explain(self):
        self._opening(500.0, "2024-03-10")
        self._take()
        self.assertCompany("2024-03-31", dso_countback=None, dso=None, open_amount=500.0)
        self._sell(100.0, "2024-05-10", "2024-06-10")
        self._forget()
        self._take()
        self.assertCompany("2024-04-30", dso_countback=None)
        self.assertCompany("2024-06-30", dso_countback=30 + 31, dso=None)

    def test_count_back_of_nothing_open(self):
        self._sell(100.0, "2024-05-10", "2024-06-10", paid=(100.0, "2024-05-20"))
        self._take()
        self.assertCompany("2024-05-31", dso_countback=0.0, dso=0.0, collection_effectiveness=None)
        self.assertCompany("2024-06-30", dso_countback=0.0, dso=None, begin_amount=0.0)

    def test_without_sales_nothing_is_divided(self):
        """A month of credit notes: less than nothing was sold."""
        invoice = self._sell(100.0, "2024-04-10", "2024-05-10")
        invoice._reverse_moves([{"invoice_date": "2024-05-20", "date": "2024-05-20"}], cancel=True)
        self._take()
        self.assertCompany(
            "2024-05-31",
            sales_amount=-100.0,
            open_amount=0.0,
            dso=None,
            best_possible_dso=None,
            average_days_delinquent=None,
            collection_effectiveness=None,
            dso_countback=0.0,
            provision_amount=0.0,
        )

    def test_provision(self):
        """15 / 7.5 / 4 / 2.5 / 1 million at 0.3 / 1.6 / 3.6 / 6.6 / 10.6 %."""
        for amount, due in (
            (15e6, "2024-07-20"),
            (7.5e6, "2024-06-20"),
            (4e6, "2024-05-20"),
            (2.5e6, "2024-04-20"),
            (1e6, "2024-01-20"),
        ):
            self._sell(amount, "2024-01-10", due)
        self._take()
        self.assertCompany("2024-06-30", open_amount=30e6, provision_amount=580000.0)
        self._get_policy().provision_over_90_rate = 20.6
        self.assertCompany("2024-06-30", provision_amount=680000.0)

    def test_contradictory_rates_are_refused(self):
        policy = self._get_policy()
        for values, text in (
            ({"provision_not_due_rate": -0.1}, "negative"),
            ({"provision_over_90_rate": 100.1}, "above 100"),
            ({"provision_31_60_rate": 1.5}, "out of order"),
            ({"provision_over_90_rate": 6.5}, "out of order"),
        ):
            with self.assertRaisesRegex(ValidationError, text), self.env.cr.savepoint():
                policy.write(values)
        tracked = policy.with_context(tracking_disable=False, mail_notrack=False)
        tracked.write({"provision_over_90_rate": 100, "provision_not_due_rate": 0})
        self._flush()
        self.env.cr.precommit.run()
        changed = policy.sudo().message_ids.tracking_value_ids.field_id.mapped("name")
        self.assertEqual(set(changed), {"provision_over_90_rate", "provision_not_due_rate"})

    def test_own_rates_from_history(self):
        """Of 100,000 sold 50,000 / 23,000 / 8,000 remained, and 2,000 were never paid."""
        for amount, paid in (
            (50000.0, "2023-02-09"),
            (27000.0, "2023-02-19"),
            (15000.0, "2023-03-26"),
            (6000.0, "2023-04-25"),
        ):
            self._sell(amount, "2023-01-10", "2023-02-09", paid=(amount, paid))
        lost = self._sell(2000.0, "2023-01-10", "2023-02-09")
        # Given up early: it was never paid all the same.
        self._write_off(lost, 2000.0, "2023-02-20")
        # What was credited was not sold; what was sold later is not in the period.
        credited = self._sell(900.0, "2023-01-10", "2023-02-09")
        credited._reverse_moves([{"invoice_date": "2023-01-20", "date": "2023-01-20"}], cancel=True)
        self._write_off(self._sell(70.0, "2024-01-10", "2024-02-09"), 70.0, "2024-06-01")
        self._flush()
        policy = self._get_policy()
        history = policy._get_provision_history(*policy._get_history_period())
        self.assertEqual(
            history,
            {
                "sold": 100000.0,
                "lost": 2000.0,
                "provision_1_30_rate": 50000.0,
                "provision_31_60_rate": 23000.0,
                "provision_61_90_rate": 8000.0,
                "provision_over_90_rate": 2000.0,
            },
        )
        policy.action_own_provision_rates()
        self.assertRecordValues(
            policy,
            [
                {
                    "provision_not_due_rate": 2.0,
                    "provision_1_30_rate": 4.0,
                    "provision_31_60_rate": 8.6957,
                    "provision_61_90_rate": 25.0,
                    "provision_over_90_rate": 100.0,
                }
            ],
        )
        self.assertIn("100,000.00", policy.message_ids[0].body)

    def test_own_rates_need_a_history(self):
        policy = self._get_policy()
        with self.assertRaisesRegex(UserError, "nothing was invoiced"):
            policy.action_own_provision_rates()
        self._sell(100.0, "2023-01-10", "2023-02-09", paid=(100.0, "2023-03-01"))
        self._flush()
        policy.action_own_provision_rates()
        self.assertEqual(policy.provision_over_90_rate, 0.0, "nothing was ever lost")
        invoicing = self._create_user("hd_rates", "account.group_account_invoice")
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            policy.with_user(invoicing).action_own_provision_rates()

    def test_slices_add_up(self):
        north = self.env["crm.team"].create({"name": "North"})
        ann = self._create_user("hd_ann", "sales_team.group_sale_salesman")
        bob = self._create_user("hd_bob", "sales_team.group_sale_salesman")
        ann.name, bob.name = "Ann", "Bob"
        north.member_ids = ann
        croatia, italy = self.env.ref("base.hr"), self.env.ref("base.it")
        nobodys = self._create_customer("Nobody's", country_id=italy.id)
        self.partner.write({"user_id": ann.id, "country_id": croatia.id})
        self.other.write({"user_id": bob.id, "country_id": italy.id})
        self._sell(600.0, "2024-04-10", "2024-05-10", paid=(600.0, "2024-05-20"))
        self._sell(900.0, "2024-05-10", "2024-06-09")
        self._sell(300.0, "2024-04-10", "2024-07-30", partner=self.other)
        self._sell(100.0, "2024-05-10", "2024-06-10", partner=nobodys)
        self._take()
        sums = ("begin_amount", "sales_amount", "open_amount", "not_due_amount", "overdue_amount")
        for end in ("2024-05-31", "2024-06-30"):
            [whole] = self._get_report(end).values()
            for slice_type in ("user", "team", "country"):
                rows = self._get_report(end, slice_type)
                for name in sums:
                    self.assertAlmostEqual(
                        sum(row[name] for row in rows.values()), whole[name], 2, name
                    )
        users = self._get_report("2024-05-31", "user")
        self.assertEqual(set(users), {"Ann", "Bob", "Nobody"})
        self.assertEqual(set(self._get_report("2024-05-31", "team")), {"North", "Nobody"})
        self.assertEqual(set(self._get_report("2024-05-31", "country")), {"Croatia", "Italy"})
        self.assertEqual(users["Ann"]["dso"], 31.0, "900 open, 900 sold in 31 days")
        self.assertEqual(users["Ann"]["begin_amount"], 600.0)
        # 1,500 to collect less 900 not due: all of it was collected.
        self.assertEqual(users["Ann"]["collection_effectiveness"], 100.0)
        self.assertIn(users["Bob"]["dso"], (None, False), "sold nothing in May")
        self.assertEqual(users["Bob"]["dso_countback"], 61.0)
        self.assertEqual(users["Nobody"]["begin_amount"], 0.0)

        report = self.env["crm.receivables.report"]
        domain = [("company_id", "=", self.company.id), ("date", "=", "2024-05-31")]
        # A ratio of a group is that of its sums: 1,300 open, 1,000 sold in 31 days.
        [(dso,)] = report.sudo()._read_group(
            [*domain, ("slice_type", "=", "user"), ("slice_name", "!=", "Bob")],
            aggregates=["dso:avg"],
        )
        self.assertAlmostEqual(dso, 31.0, 2)
        # What stood at month ends does not add up: begin of the first, the others of the last.
        [(begin, open_amount, sales)] = report.sudo()._read_group(
            [
                ("company_id", "=", self.company.id),
                ("slice_name", "=", "Ann"),
                ("date", ">=", "2024-05-01"),
            ],
            aggregates=["begin_amount:sum", "open_amount:sum", "sales_amount:sum"],
        )
        self.assertEqual((begin, open_amount, sales), (600.0, 900.0, 900.0))
        self.assertEqual(report.with_user(ann).search(domain).mapped("slice_name"), ["Ann"])
        self.assertEqual(report.with_user(ann).search([*domain, ("dso", ">", 0)]).user_id, ann)
        everybody = self._create_user("hd_all", ALL_DOCUMENTS)
        self.assertEqual(len(report.with_user(everybody).search(domain)), 1 + 3 + 2 + 2)
        for group in ("account.group_account_invoice", "account.group_account_readonly"):
            user = self._create_user(f"hd_{group[-8:]}", group)
            self.assertEqual(len(report.with_user(user).search(domain)), 1 + 3 + 2 + 2)
        for group in ("base.group_user", "base.group_portal"):
            user = self._create_user(f"hd_no_{group[-6:]}", group)
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                report.with_user(user).search(domain)

    def test_companies_are_apart(self):
        franc = self.setup_other_currency("CHF", rates=[("2023-01-01", 3.0)])
        second = self.setup_other_company(name="Second", currency_id=franc.id)["company"]
        self.env.user.company_ids |= second
        self._sell(1000.0, "2024-05-10", "2024-06-09")
        self.env["account.move"].with_company(second).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2024-05-10",
                "invoice_payment_term_id": False,
                "invoice_date_due": "2024-08-10",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 300.0, "tax_ids": False})
                ],
            }
        ).action_post()
        self._take()
        self._take(second)
        self.assertCompany("2024-05-31", open_amount=1000.0, best_possible_dso=31.0)
        [row] = self._get_report("2024-06-30", company=second).values()
        self.assertEqual(row["not_due_amount"], row["begin_amount"])
        reports = self.env["crm.receivables.report"].search(
            [("slice_type", "=", "company"), ("date", "=", "2024-06-30")]
        )
        self.assertEqual(
            {report.company_id: report.currency_id for report in reports},
            {self.company: self.company.currency_id, second: franc},
        )
        # Rates are a company's own.
        franc.rate_ids.copy({"company_id": second.id})
        domain = [("slice_type", "=", "company"), ("date", ">=", "2024-05-31")]
        both = self.env["crm.receivables.report"].with_context(
            allowed_company_ids=(self.company + second).ids
        )
        for report, amount in ((both, 1000.0 + 300.0 / 3), (both.with_company(second), 3300.0)):
            # What stands at the last month end, and what adds up over the months.
            names = ("open_amount:sum_currency", "sales_amount:sum_currency")
            [group] = report.formatted_read_group(domain, [], names)
            for name in names:
                self.assertAlmostEqual(group[name], amount, 6)
        user = self._create_user("hd_one", ALL_DOCUMENTS)
        self.assertEqual(
            self.env["crm.receivables.report"].with_user(user).search([]).company_id, self.company
        )
