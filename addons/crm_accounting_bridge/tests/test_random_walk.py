import logging
import os
import traceback
from collections import defaultdict
from fractions import Fraction

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.account_receivable_settlement.plain_books import cents, exact

from ..plain_deals import PlainDeals
from .common import COUNTED_AS, BridgeCommon
from .walk import Walk

FIGURES = {
    "invoiced_total": "invoiced",
    "credited_total": "credited",
    "paid_total": "paid",
    "discount_total": "discount",
    "written_off_total": "written_off",
    "due_total": "due",
    "overdue_total": "overdue",
    "invoiced_untaxed": "untaxed",
}
DATES = ("first_invoice_date", "next_due_date", "last_payment_date", "paid_date")
ZONES = ("Pacific/Auckland", "UTC", "America/Los_Angeles")

_logger = logging.getLogger(__name__)


@tagged("post_install", "-at_install")
class TestRandomWalk(BridgeCommon):
    """Whatever is done in accounting, the deals' figures equal the books read plainly."""

    STEPS = 60

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.currency.rate"].sudo().search([]).unlink()
        cls.other_currency = cls.setup_other_currency("EUR", rates=[])
        cls.foreign_currency = cls.setup_other_currency("GBP", rates=[])
        for currency, rates in (
            (cls.other_currency, (("2000-01-01", 0.9), ("2024-05-15", 0.8), ("2024-06-20", 0.95))),
            (
                cls.foreign_currency,
                (("2000-01-01", 0.7), ("2024-05-10", 0.77), ("2024-07-01", 0.5)),
            ),
        ):
            for date, rate in rates:
                cls.env["res.currency.rate"].create(
                    {"currency_id": currency.id, "name": date, "rate": rate, "company_id": False}
                )
        data_2 = cls.setup_other_company(name="Second Company", currency_id=cls.other_currency.id)
        cls.company_2 = data_2["company"]
        cls.accounts_by_company = {cls.company: cls.company_data, cls.company_2: data_2}
        cls.portfolio_by_company = {
            company: data["default_account_receivable"].copy({"name": "Bills in portfolio"})
            for company, data in cls.accounts_by_company.items()
        }
        cls.tax_by_company = {
            company: cls.env["account.tax"]
            .with_company(company)
            .create({"name": "Seven", "amount": 7.7, "company_id": company.id})
            for company in (cls.company, cls.company_2)
        }
        cls.terms = cls.env["account.payment.term"]
        for name, values, parts in (
            ("30/70", {}, (("percent", 30, 10), ("percent", 70, 45))),
            ("100 now, rest later", {}, (("fixed", 100, 0), ("percent", 100, 60))),
            (
                "2 % in 10 days, taxes reduced always",
                {
                    "early_discount": True,
                    "discount_percentage": 2,
                    "discount_days": 10,
                    "early_pay_discount_computation": "mixed",
                },
                (("percent", 100, 30),),
            ),
        ):
            cls.terms |= cls.env["account.payment.term"].create(
                {
                    "name": name,
                    "line_ids": [
                        Command.create({"value": value, "value_amount": amount, "nb_days": days})
                        for value, amount, days in parts
                    ],
                    **values,
                }
            )
        # The companies' days begin hours apart, and people are at work in other zones again.
        cls.company.partner_id.tz = "Pacific/Auckland"
        cls.company_2.partner_id.tz = "America/Los_Angeles"
        cls.users = [cls.env.user.copy({"login": f"in {zone}", "tz": zone}) for zone in ZONES]

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)

    def test_walk_3(self):
        """A difference of rates that also makes up for a cent of the payment: no claim moved."""
        self._walk(20261128)

    def test_walk_of_the_day(self):
        """Another one every day; ``WALK_SEED`` repeats that of a day."""
        seed = int(os.environ.get("WALK_SEED") or fields.Date.today().strftime("%Y%m%d"))
        _logger.info("The random walk of today has the seed %s.", seed)
        self._walk(seed)

    def _walk(self, seed):
        with freeze_time("2024-06-01 10:30:00") as frozen:
            walk = Walk(self, seed, frozen)
            for number in range(self.STEPS):
                if number % 20 == 0:
                    # What autovacuum does for committed rows: the planner takes the books for
                    # empty otherwise, and each step takes longer.
                    self.env.flush_all()
                    self.env.cr.execute(
                        "ANALYZE account_move, account_move_line, account_partial_reconcile,"
                        " account_payment"
                    )
                try:
                    walk.transaction()
                    self._check(walk)
                except Exception:
                    history = "\n".join(f"{i}: {line}" for i, line in enumerate(walk.history))
                    self.fail(
                        f"seed {seed}, transaction {number}\n{traceback.format_exc()}\n{history}"
                    )
            refused = sum("refused" in line for line in walk.history)
            self.assertLess(refused, len(walk.history) / 3, "most operations must go through")

    def _check(self, walk):
        plain = PlainDeals(self.env)
        fresh = walk.deals._get_billing_figures()
        for deal in walk.deals:
            self._check_deal(deal, plain, fresh.get(deal.id, {}))
        self._check_sums(walk, plain)
        self._check_settlements(walk, plain)

    def _check_settlements(self, walk, plain):
        """The deals' shares of settlements: exact in both directions, each nearly what is plain."""
        documents = walk.deals.sudo().billing_line_ids.move_id.filtered(
            lambda move: move.state == "posted"
        )
        Row = self.env["crm.lead.settlement"].sudo()
        rows = Row.search([("invoice_id", "in", documents.ids)])
        if rows:
            # A period is looked for in its own way: nothing of it may be missing.
            days = sorted(rows.mapped("settlement_date"))
            first, last = days[len(days) // 3], days[-len(days) // 3]
            found = Row.search([("settlement_date", ">=", first), ("settlement_date", "<=", last)])
            self.assertEqual(
                rows.filtered(lambda row: first <= row.settlement_date <= last), found & rows
            )
        shared = defaultdict(Fraction)
        by_deal = defaultdict(lambda: defaultdict(Fraction))
        for row in rows:
            shared[row.settlement_id.id] += exact(row.amount)
            by_deal[row.lead_id][row.counted_as] += exact(row.amount)
            if row.kind in ("payment", "discount", "write_off"):
                expected = exact(row.settlement_id.amount) * plain.get_part(
                    row.invoice_id, row.lead_id
                )
                self.assertLessEqual(
                    abs(exact(row.amount) - expected),
                    Fraction(2, 100),
                    f"{row.lead_id} in {row.settlement_id}: {row.amount} of {float(expected)}",
                )
        settlements = (
            self.env["account.receivable.settlement"]
            .sudo()
            .search([("invoice_id", "in", documents.ids)])
        )
        for settlement in settlements:
            self.assertEqual(
                shared[settlement.id], exact(settlement.amount), f"shares of {settlement}"
            )
        for deal in walk.deals:
            if deal.sudo().billing_line_ids.company_currency_id != deal.billing_currency_id:
                continue
            for name, counted_as in COUNTED_AS.items():
                self.assertEqual(
                    sum((by_deal[deal][key] for key in counted_as), Fraction(0)),
                    exact(deal[name]),
                    f"{name} of {deal}",
                )

    def _check_deal(self, deal, plain, fresh):
        expected = plain.figures(deal)
        currency = deal.billing_currency_id
        for name in FIGURES:
            self.assertEqual(
                currency.compare_amounts(deal[name], fresh.get(name, 0.0)),
                0,
                f"{name} of {deal}: stored {deal[name]}, now {fresh.get(name)}",
            )
        self.assertEqual(
            currency.compare_amounts(
                deal.invoiced_total,
                deal.paid_total + deal.discount_total + deal.written_off_total + deal.due_total,
            ),
            0,
            f"identity of {deal}",
        )
        if not expected:
            self.assertFalse(any(deal[name] for name in FIGURES), f"{deal} without document")
            return
        self.assertEqual(currency, expected["currency"])
        # The deal's share of each settlement is rounded, and so is that of the document and of its
        # rest.
        tolerance = Fraction(expected["rounded_count"], 100)
        for name, plain_name in FIGURES.items():
            self.assertLessEqual(
                abs(Fraction(deal[name]) - expected[plain_name]),
                tolerance,
                f"{name} of {deal}: {deal[name]}, plainly {float(expected[plain_name])}",
            )
        if status := not expected["is_uncertain"] and plain.status(expected):
            self.assertEqual(deal.billing_status, status, f"status of {deal}")
            for name in DATES:
                self.assertEqual(deal[name], expected[name], f"{name} of {deal}")

    def _check_sums(self, walk, plain):
        """Deals that share documents with each other only add up to the documents exactly."""
        left = set(walk.deals.ids)
        while left:
            group, documents = self._get_group(walk.deals.browse(left.pop()), walk)
            left -= set(group.ids)
            if len(group.billing_currency_id) != 1 or any(
                line.display_type == "product" and not line.opportunity_id
                for line in documents.line_ids
            ):
                continue
            if documents and documents.company_currency_id != group.billing_currency_id:
                continue
            figures = [plain.figures(deal) or {} for deal in group]
            for name, plain_name in FIGURES.items():
                expected = sum(figure.get(plain_name, 0) for figure in figures)
                if name == "invoiced_untaxed":
                    continue
                self.assertEqual(
                    cents(Fraction(sum(group.mapped(name))), group.billing_currency_id),
                    cents(expected, group.billing_currency_id),
                    f"sum of {name} of {group}",
                )

    def _get_group(self, deals, walk):
        while True:
            documents = deals.sudo().billing_line_ids.move_id.filtered(
                lambda move: move.state == "posted"
            )
            more = documents.line_ids.opportunity_id
            if more <= deals:
                return deals, documents
            deals |= more
