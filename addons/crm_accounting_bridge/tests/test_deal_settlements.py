from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BridgeCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-02-01 12:00:00")
class TestDealSettlements(BridgeCommon):
    """A deal's share of each settlement: exact over the deals, and over the settlements."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create({"name": "10 %", "amount": 10.0})
        cls.a, cls.b, cls.c = (cls._create_deal(name) for name in "ABC")

    def _get_rows(self, *domain):
        """Rows ``(deal, counted as, kind, amount, untaxed, settlement date)``."""
        self._flush()
        return [
            (
                row.lead_id.name,
                row.counted_as,
                row.kind,
                row.amount,
                row.amount_untaxed,
                fields.Date.to_string(row.settlement_date),
            )
            for row in self.env["crm.lead.settlement"].search(
                [("lead_id", "in", [False, *(self.a + self.b + self.c).ids]), *domain],
                order="settlement_date, id",
            )
        ]

    def test_two_deals_and_none(self):
        """110 of 220 is paid: half of each; the rest with a loss of a tenth."""
        invoice = self._create_deal_invoice(
            [(100.0, self.a), (60.0, self.b), (40.0, None)],
            taxes=self.tax,
            invoice_date_due="2024-01-25",
        )
        self._pay(invoice, 110.0)
        self._pay(
            invoice,
            99.0,
            date="2024-01-31",
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.assertEqual(
            self._get_rows(),
            [
                ("A", "paid", "payment", 55.0, 50.0, "2024-01-20"),
                ("B", "paid", "payment", 33.0, 30.0, "2024-01-20"),
                (False, "paid", "payment", 22.0, 20.0, "2024-01-20"),
                ("A", "paid", "payment", 49.5, 45.0, "2024-01-31"),
                ("A", "written_off", "write_off", 5.5, 5.0, "2024-01-31"),
                ("B", "paid", "payment", 29.7, 27.0, "2024-01-31"),
                ("B", "written_off", "write_off", 3.3, 3.0, "2024-01-31"),
                (False, "paid", "payment", 19.8, 18.0, "2024-01-31"),
                (False, "written_off", "write_off", 2.2, 2.0, "2024-01-31"),
            ],
        )
        self.assertSettlements(self.a + self.b)
        row = self.env["crm.lead.settlement"].search(
            [("lead_id", "=", self.b.id), ("settlement_date", "=", "2024-01-31")],
            order="amount desc",
            limit=1,
        )
        self.assertRecordValues(
            row,
            [
                {
                    "company_id": self.company.id,
                    "partner_id": self.partner.id,
                    "user_id": self.b.user_id.id,
                    "invoice_id": invoice.id,
                    "invoice_line_id": invoice.line_ids.filtered("date_maturity").id,
                    "invoice_date": self._date("2024-01-10"),
                    "due_date": self._date("2024-01-25"),
                    "days_to_pay": 21,
                    "days_beyond_terms": 6,
                }
            ],
        )
        [(days,)] = row._read_group([("lead_id", "=", self.b.id)], [], ["days_to_pay:avg"])
        paid = row.search([("lead_id", "=", self.b.id), ("counted_as", "=", "paid")])
        self.assertAlmostEqual(
            float(days),
            sum(part.amount * part.days_to_pay for part in paid) / sum(paid.mapped("amount")),
            msg="weighted; what was lost says nothing of days",
        )
        self.assertEqual(row.settlement_id.amount, 99.0)
        self.assertEqual(row.counterpart_line_id, row.settlement_id.counterpart_line_id)

    def test_cents_are_exact_in_both_directions(self):
        """Thirds of what is paid in odd parts: neither a payment nor a deal loses a cent."""
        invoice = self._create_deal_invoice(
            [(33.33, self.a), (33.33, self.b), (33.35, self.c)], taxes=self.tax
        )
        for amount in (0.01, 0.02, 10.0, 33.34, 0.05):
            self._pay(invoice, amount)
            self.assertSettlements(self.a + self.b + self.c)
        self._pay(invoice)
        self.assertSettlements(self.a + self.b + self.c)
        for deal, untaxed in ((self.a, 33.33), (self.b, 33.33), (self.c, 33.35)):
            rows = self.env["crm.lead.settlement"].search([("lead_id", "=", deal.id)])
            self.assertAlmostEqual(sum(rows.mapped("amount")), deal.invoiced_total)
            self.assertAlmostEqual(sum(rows.mapped("amount_untaxed")), untaxed)

    def test_a_later_settlement_changes_no_earlier_share(self):
        invoice = self._create_deal_invoice([(33.33, self.a), (33.33, self.b), (33.35, self.c)])
        before = []
        for number, amount in enumerate((0.01, 17.77, 23.45, 0.03)):
            self._pay(invoice, amount, date=f"2024-01-{20 + number}")
            rows = self._get_rows()
            self.assertEqual(rows[: len(before)], before)
            before = rows

    def test_own_credit_note_is_on_both_sides(self):
        """100 less 30 of the same deal: 70 are paid, and 10 of taxes that were not credited."""
        invoice = self._create_deal_invoice([(100.0, self.a)], taxes=self.tax)
        refund = self._create_deal_invoice(
            [(30.0, self.a)], date="2024-01-15", move_type="out_refund"
        )
        self._settle(invoice, refund)
        self._pay(invoice)
        self.assertEqual(
            self._get_rows(),
            [
                ("A", "matched", "credit_note", 30.0, 30.0, "2024-01-15"),
                ("A", "matched", "credit_note", -30.0, -30.0, "2024-01-15"),
                ("A", "paid", "payment", 80.0, 70.0, "2024-01-20"),
            ],
        )
        self.assertFigures(self.a, invoiced_total=80.0, credited_total=30.0, paid_total=80.0)
        self.assertEqual(self.a.invoiced_untaxed, 70.0)
        own, other = self.env["crm.lead.settlement"].search(
            [("counted_as", "=", "matched")], order="amount desc"
        )
        self.assertEqual(own.settlement_id.invoice_id, invoice)
        self.assertEqual((other.settlement_id.id, other.invoice_id), (False, refund))

    def test_credit_note_of_another_deal_and_of_none(self):
        """60 and 40; a credit note of C pays 20 of it, one of nobody takes off 50."""
        invoice = self._create_deal_invoice([(60.0, self.a), (40.0, self.b)])
        refund = self._create_deal_invoice(
            [(20.0, self.c)], date="2024-01-15", move_type="out_refund"
        )
        self._settle(invoice, refund)
        refund = self._create_deal_invoice(
            [(50.0, None)], date="2024-01-16", move_type="out_refund"
        )
        self._settle(invoice, refund)
        self.assertEqual(
            self._get_rows(),
            [
                ("A", "paid", "credit_note", 12.0, 12.0, "2024-01-15"),
                ("B", "paid", "credit_note", 8.0, 8.0, "2024-01-15"),
                ("C", "paid", "credit_note", -20.0, -20.0, "2024-01-15"),
                ("A", "credited", "credit_note", 30.0, 30.0, "2024-01-16"),
                ("B", "credited", "credit_note", 20.0, 20.0, "2024-01-16"),
            ],
        )
        self.assertSettlements(self.a + self.b + self.c)

    def test_credit_note_back_to_draft_is_no_payment(self):
        """Odoo keeps what it is matched with: the invoice is settled, and nobody paid."""
        invoice = self._create_deal_invoice([(100.0, self.a)])
        refund = self._create_deal_invoice(
            [(100.0, self.a)], date="2024-01-15", move_type="out_refund"
        )
        self._settle(invoice, refund)
        refund.button_draft()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(
            self._get_rows(), [("A", "credited", "credit_note", 100.0, 100.0, "2024-01-15")]
        )
        self.assertFigures(self.a, credited_total=100.0)
        self.assertEqual(self.a.billing_status, "credited")
        self.assertEqual(self.a.invoiced_untaxed, 0.0)

    def test_deals_of_one_invoice_settle_each_other(self):
        self._create_deal_invoice([(100.0, self.a), (-100.0, self.b)], taxes=self.tax)
        self.assertEqual(
            self._get_rows(),
            [
                ("A", "paid", False, 110.0, 100.0, "2024-01-10"),
                ("B", "paid", False, -110.0, -100.0, "2024-01-10"),
            ],
        )
        self.assertSettlements(self.a + self.b)

    def test_claims_that_move_to_another_account(self):
        """A slip of 100 (60 and 40) and 50: nothing is settled until the bank honours 75 of 150;
        then the other 75 are lost.
        """
        receivable = self.company_data["default_account_receivable"]
        portfolio = receivable.copy({"name": "Bills in portfolio"})
        invoices = [
            self._create_deal_invoice([(60.0, self.a), (40.0, self.b)]),
            self._create_deal_invoice([(50.0, self.c)]),
        ]
        slip = self._create_entry(
            (portfolio, self.partner, 150.0),
            (receivable, self.partner, -100.0),
            (receivable, self.partner, -50.0),
            date="2024-01-12",
        )
        for invoice, line in zip(invoices, slip.line_ids[1:], strict=True):
            (invoice.line_ids.filtered("date_maturity") | line).reconcile()
        self.assertEqual(self._get_rows(), [])
        for deal, due in ((self.a, 60.0), (self.b, 40.0), (self.c, 50.0)):
            self.assertFigures(deal, invoiced_total=due, due_total=due, overdue_total=due)
        for account, date in (
            (self.company_data["default_journal_bank"].default_account_id, "2024-01-25"),
            (self.company_data["default_account_expense"], "2024-01-31"),
        ):
            entry = self._create_entry(
                (account, None, 75.0), (portfolio, self.partner, -75.0), date=date
            )
            (slip | entry).line_ids.filtered(lambda line: line.account_id == portfolio).reconcile()
        self._flush()
        deals = self.a + self.b + self.c
        self.assertSettlements(deals)
        self.assertEqual(sum(deals.mapped("paid_total")), 75.0)
        self.assertEqual(sum(deals.mapped("written_off_total")), 75.0)
        self.assertEqual(deals.mapped("due_total"), [0.0, 0.0, 0.0])
        for row in self.env["crm.lead.settlement"].search([("lead_id", "in", deals.ids)]):
            self.assertEqual(row.due_date, self._date("2024-01-10"))
            expected = "2024-01-25" if row.counted_as == "paid" else "2024-01-31"
            self.assertEqual(row.settlement_date, self._date(expected))
            self.assertIn(row, row.search([("settlement_date", "=", expected)]))

    def test_undone_and_moved_to_another_deal(self):
        invoice = self._create_deal_invoice([(60.0, self.a), (40.0, self.b)])
        self._pay(invoice, 50.0)
        self.assertEqual(len(self._get_rows()), 2)
        invoice.invoice_line_ids[0].opportunity_id = self.c
        self.assertCountEqual(
            [row[:4] for row in self._get_rows()],
            [("B", "paid", "payment", 20.0), ("C", "paid", "payment", 30.0)],
        )
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._get_rows(), [])

    def test_searched_by_opportunity_customer_invoice_and_date(self):
        """Each search reads a part of the journals, and finds what one that reads all finds."""
        invoices = [
            self._create_deal_invoice([(60.0, self.a), (40.0, self.b)]),
            self._create_deal_invoice([(10.0, self.c)], partner_id=self.partner_b.id),
            self._create_deal_invoice([(5.0, self.a), (-5.0, self.c)], date="2024-01-31"),
        ]
        self._pay(invoices[0], 50.0)
        self._pay(invoices[0], 30.0, date="2024-01-28")
        self._pay(invoices[1], date="2024-01-29")
        self._flush()
        Row = self.env["crm.lead.settlement"]
        every = Row.search([])
        self.assertEqual(len(every), 7)
        for domain in (
            [("lead_id", "=", self.a.id)],
            [("lead_id", "in", [False, self.a.id])],
            [("lead_id", "!=", False)],
            [("lead_id", "=", False)],
            [("partner_id", "=", self.partner_b.id)],
            [("invoice_id", "in", [invoices[0].id, invoices[2].id])],
            [("invoice_id", "=", invoices[0].id), ("lead_id", "=", self.b.id)],
            [("settlement_date", "=", "2024-01-28")],
            [("settlement_date", ">=", "2024-01-29")],
            [("settlement_date", ">", "2024-01-20"), ("settlement_date", "<", "2024-01-31")],
            [("settlement_date", ">=", "today -5d")],
            [("lead_id.name", "=", "C"), ("amount", ">", 0)],
        ):
            with self.subTest(domain=domain):
                expected = every.filtered_domain(domain)
                self.assertTrue(expected or domain[0][2] is False)
                self.assertEqual(Row.search(domain), expected)
                self.assertEqual(Row.search(domain, limit=2), expected[:2])
                self.assertEqual(
                    Row._read_group(domain, [], ["amount:sum", "__count"]),
                    [(sum(expected.mapped("amount")), len(expected))],
                )
        self.assertEqual(Row.search([], limit=3), every[:3])
        self.assertEqual(Row.search([], limit=3, offset=3), every[3:6])
        self.env.invalidate_all()
        self.assertEqual(Row.browse(every[1:2].ids).read(["amount"])[0]["amount"], every[1].amount)

    def test_statements_do_not_grow_with_deals(self):
        deals = self.a + self.b + self.c
        for deal in deals:
            self._pay(self._create_deal_invoice([(60.0, deal), (40.0, self.a)]), 50.0)
        self._flush()
        deals._get_billing_figures()
        counts = []
        for leads in (self.a, deals):
            before = self.cr.sql_log_count
            self.assertEqual(leads._get_billing_figures().keys(), set(leads.ids))
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 4)

    def test_accounting_reads_them_and_nobody_else(self):
        self._pay(self._create_deal_invoice([(60.0, self.a)]))
        self._flush()
        company = self.setup_other_company()["company"]
        Row = self.env["crm.lead.settlement"]
        for group in ("account.group_account_invoice", "account.group_account_readonly"):
            user = self._create_user(f"reader of {group}", group)
            self.assertEqual(Row.with_user(user).search([("lead_id", "=", self.a.id)]).amount, 60.0)
            stranger = self._create_user(f"stranger of {group}", group, company)
            self.assertFalse(Row.with_user(stranger).search([("lead_id", "=", self.a.id)]))
        for group in ("sales_team.group_sale_manager", "base.group_user", "base.group_portal"):
            user = self._create_user(f"user of {group}", group)
            with self.subTest(group), self.assertRaises(AccessError):
                Row.with_user(user).search([("lead_id", "=", self.a.id)])
            with self.subTest(group), self.assertRaises(AccessError):
                Row.with_user(user)._read_group([], ["lead_id"], ["amount:sum"])
        with self.assertRaises(AccessError):
            Row.sudo(False).search([]).write({"amount": 1.0})
