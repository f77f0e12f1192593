from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Domain
from odoo.tests import tagged

from ..models import account_receivable_settlement
from .common import ReceivableCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-20 12:00:00")
class TestSettlementSearch(ReceivableCommon):
    """A page, or a period, is the same as if all settlements had been read and sifted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        currency = cls.setup_other_currency("EUR", rates=[("2024-01-01", 2.0), ("2024-05-01", 4.0)])
        invoices = cls.env["account.move"]
        for month in range(1, 10):
            invoice = cls._create_document(
                [{"price_unit": 100.0 * month}], date=f"2024-{month:02}-10"
            )
            cls._pay(invoice, 40.0, date=f"2024-{month:02}-12")
            cls._pay(invoice, date=f"2024-{month + 2:02}-05")
            invoices |= invoice
        # Booked in a later period than its date, and paid before that.
        late = cls._create_document([{"price_unit": 77.0}], date="2024-04-03", post=False)
        late.date = "2024-06-20"
        late.action_post()
        cls._pay(late, date="2024-04-20")
        foreign = cls._create_document(
            [{"price_unit": 500.0}], date="2024-03-10", currency_id=currency.id
        )
        cls._pay(foreign, date="2024-05-15", currency_id=currency.id)
        # The difference of a month that is over is dated to its last day: ahead of today.
        running = cls._create_document(
            [{"price_unit": 300.0}], date="2024-03-10", currency_id=currency.id
        )
        with freeze_time("2025-01-10 12:00:00"):
            cls._pay(running, date="2024-12-05", currency_id=currency.id)
        waiting = cls._create_document([{"price_unit": 55.0}], date="2024-07-01")
        cls._pay_without_entry(waiting, 25.0, payment_date="2024-07-07")
        cls.invoices = invoices | late | foreign | running | waiting
        cls.settlements = cls.env["account.receivable.settlement"]

    def setUp(self):
        super().setUp()
        self.rows = self.settlements.search([], order="settlement_date desc, id desc")
        self.assertGreater(len(self.rows), 20)
        self.assertIn("exchange", self.rows.mapped("kind"))
        self.assertTrue(any(row.id < 0 for row in self.rows), "one without reconciliation")
        self.assertIn(
            fields.Date.to_date("2024-12-31"),
            self.rows.invoice_line_id.matched_credit_ids.mapped("max_date"),
            "an exchange difference ahead of today",
        )
        self.assertTrue(
            any(
                row.invoice_id.date > row.invoice_id.invoice_date
                and row.settlement_date < row.invoice_id.date
                for row in self.rows
            )
        )

    def _get_expected(self, domain):
        return self.rows.filtered_domain(domain)

    def test_pages(self):
        for window in (1, 2, 8):
            with patch.object(account_receivable_settlement, "WINDOW", window):
                for domain in (
                    Domain.TRUE,
                    Domain("kind", "=", "payment"),
                    Domain("settlement_date", "<", "2024-06-30"),
                    Domain("settlement_date", ">=", "2024-03-01"),
                    Domain("company_id", "=", self.company.id) & Domain("amount", ">", 100),
                    Domain("partner_id", "=", self.partner.id),
                    Domain("kind", "=", "discount"),
                ):
                    expected = self._get_expected(domain)
                    for offset in range(0, len(expected) + 1, 5):
                        page = self.settlements.search(domain, offset=offset, limit=5)
                        self.assertEqual(page, expected[offset : offset + 5], (window, domain))
                        self.assertEqual(
                            self.settlements.search_count(domain, limit=offset + 1),
                            min(len(expected), offset + 1),
                        )

    def test_periods(self):
        days = sorted(set(self.rows.mapped("settlement_date")))
        for first in days[::3]:
            for last in days[::4]:
                domain = Domain("settlement_date", ">=", first) & Domain(
                    "settlement_date", "<=", last
                )
                self.assertEqual(
                    self.settlements.search(domain, order="settlement_date desc, id desc"),
                    self._get_expected(domain),
                )
            domain = Domain("settlement_date", "=", first)
            self.assertEqual(self.settlements.search(domain), self._get_expected(domain))

    def test_sums_of_a_period(self):
        domain = Domain("settlement_date", ">=", "2024-03-01") & Domain(
            "settlement_date", "<", "2024-05-01"
        )
        [(total, count)] = self.settlements._read_group(domain, [], ["amount:sum", "__count"])
        expected = self._get_expected(domain)
        self.assertEqual(count, len(expected))
        self.assertAlmostEqual(total, sum(expected.mapped("amount")))

    def test_days_of_a_group_are_weighted(self):
        """As those of a customer: by what was paid, not by how many times; credit says nothing."""
        invoice = self._create_document([{"price_unit": 1000.0}], date="2024-10-01")
        self._pay(invoice, 100.0, date="2024-10-11")
        self._pay(invoice, 700.0, date="2024-10-21")
        invoice._reverse_moves([{"date": "2024-10-31", "invoice_date": "2024-10-31"}])
        domain = [("invoice_id", "=", invoice.id)]
        [(days, late)] = self.settlements._read_group(
            domain, [], ["days_to_pay:avg", "days_beyond_terms:avg"]
        )
        self.assertEqual(float(days), (100 * 10 + 700 * 20) / 800)
        self.assertEqual(float(late), float(days), "due at once")
        [(days,)] = self.settlements._read_group(
            [*domain, ("kind", "=", "discount")], [], ["days_to_pay:avg"]
        )
        self.assertFalse(days)

    def test_known_settlements_are_read_by_themselves(self):
        self.rows.invalidate_recordset()
        for row in self.rows:
            alone = self.settlements.browse(row.id)
            self.assertEqual(alone.exists(), row)
            self.assertEqual(alone.amount, row.amount)
        for unknown in (10**9, 10**15, -(10**9), -(10**15)):
            self.assertFalse(self.settlements.browse(unknown).exists())

    def test_many_payments_without_entry_of_one_invoice(self):
        """Paid week by week: each is a settlement of its own, which can be opened."""
        invoices = self._create_document([{"price_unit": 2500.0}], date="2024-07-01")
        invoices |= self._create_document([{"price_unit": 100.0}], date="2024-07-01")
        for week in range(20):
            self._pay_without_entry(invoices[0], 100.0 + week, date=f"2024-08-{week + 1:02}")
        self._pay_without_entry(invoices[1], 50.0, date="2024-08-01")
        rows = self.settlements.search([("invoice_id", "in", invoices.ids)])
        amounts = [50.0, *(100.0 + week for week in range(20))]
        self.assertEqual(sorted(rows.mapped("amount")), amounts)
        rows.invalidate_recordset()
        self.assertEqual(
            sorted(self.settlements.browse(row_id).amount for row_id in rows.ids), amounts
        )

    def test_none_among_wanted(self):
        """Filters for what is not set ask for the rest of the rows, too."""
        for field_name in ("partner_id", "invoice_id", "invoice_line_id", "counterpart_line_id"):
            wanted = self.rows[:3][field_name].ids
            for domain in (
                Domain(field_name, "=", False),
                Domain(field_name, "!=", False),
                Domain(field_name, "in", [*wanted, False]),
                Domain(field_name, "not in", [*wanted, False]),
            ):
                self.assertEqual(self.settlements.search(domain), self._get_expected(domain))

    def test_other_orders_and_alternatives(self):
        domain = Domain("settlement_date", ">=", "2024-08-01") | Domain("kind", "=", "exchange")
        self.assertEqual(self.settlements.search(domain), self._get_expected(domain))
        cheapest = self.settlements.search([], order="amount, id", limit=3)
        self.assertEqual(cheapest, self.rows.sorted(lambda row: (row.amount, row.id))[:3])
