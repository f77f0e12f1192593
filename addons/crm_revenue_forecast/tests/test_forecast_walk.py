from collections import defaultdict
from datetime import date

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crm_accounting_bridge.tests.walk import NothingToDoError
from odoo.addons.crm_customer_health.tests import test_health_walk

from .common import ForecastCommon

#: Layers of what is owed, and the customer's figure that each equals.
FIGURES = {
    "open": "not_due_amount",
    "overdue": "overdue_amount",
    "disputed": "disputed_amount",
    "unmatched": "unapplied_credit_amount",
}


class ForecastWalk(test_health_walk.HealthWalk):
    """Customers also promise to pay, where that is written down."""

    OPERATIONS = {**test_health_walk.HealthWalk.OPERATIONS, "promise": 12}

    def promise(self):
        if "crm.payment.promise" not in self.test.env:
            raise NothingToDoError
        move = self._choose(self._open_invoices())
        company, partner = move.company_id, move.commercial_partner_id
        owed = sum(
            item.amount_residual_signed
            for item in self._open_invoices()
            if item.company_id == company and item.commercial_partner_id == partner
        )
        amount = company.currency_id.round(owed * self.random.choice([0.5, 1]))
        day = fields.Date.add(company._get_today(), days=self.random.randint(0, 60))
        self._note(f"{partner.name}: {amount} by {day}")
        # Whoever talked to the customer wrote it down.
        self.test.env["crm.payment.promise"].sudo().create(
            {"company_id": company.id, "partner_id": partner.id, "amount": amount, "date": day}
        )


@tagged("post_install", "-at_install")
class TestForecastWalk(ForecastCommon, test_health_walk.TestHealthWalk):
    """Whatever is done in accounting, what is expected is what is owed: after each transaction by
    customer, and by week, to the cent.
    """

    STEPS = 16
    WALK = ForecastWalk

    def test_walk_1(self):
        self._walk(1)

    def test_walk_2(self):
        self._walk(2)

    def test_walk_of_the_day(self):
        self._walk(date.today().toordinal())

    def _check_stored(self):
        for company in self.companies:
            state = company._get_forecast_states(is_made=True)
            if state.forecast_date != company._get_today():
                state._refresh_forecast()
            else:
                # What the hook wrote stands; only the weeks are computed.
                self.env["crm.revenue.forecast.week"].sudo()._refresh(company)
            self._flush()
            self._check_customers(company)
            self._check_weeks(company)

    def _check_all_anew(self):
        """Rows written one by one are those that are computed together."""
        for company in self.companies:
            before = self._get_sums(company)
            company._get_forecast_states(is_made=True)._refresh_forecast()
            self._flush()
            self.assertEqual(self._get_sums(company), before)
            self._check_drafts(company)

    def _check_drafts(self, company):
        """What drafts will bring: all of each, once."""
        rows = self.env["crm.revenue.forecast"].sudo()
        stored = rows._read_group(
            [("company_id", "=", company.id), ("layer", "=", "draft")], ["move_id"], ["amount:sum"]
        )
        drafts = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", "draft"),
                    ("move_type", "in", ["out_invoice", "out_refund", "out_receipt"]),
                ]
            )
        )
        self.assertEqual(
            {move: company.currency_id.round(amount) for move, amount in stored},
            {
                move: company.currency_id.round(move.amount_total_signed)
                for move in drafts
                if not company.currency_id.is_zero(move.amount_total_signed)
            },
        )

    def _get_sums(self, company):
        sums = defaultdict(float)
        rows = self.env["crm.revenue.forecast"].sudo()
        for partner, layer, amount in rows._read_group(
            [("company_id", "=", company.id), ("layer", "in", list(FIGURES))],
            ["partner_id", "layer"],
            ["amount:sum"],
        ):
            if not company.currency_id.is_zero(amount):
                sums[partner, layer] = company.currency_id.round(amount)
        return sums

    def _check_customers(self, company):
        sums = self._get_sums(company)
        expected = {
            (partner, layer): company.currency_id.round(row[name] * (-1 if name[0] == "u" else 1))
            for partner, row in self._get_rows(company).items()
            for layer, name in FIGURES.items()
            if not company.currency_id.is_zero(row[name])
        }
        self.assertEqual(dict(sums), expected)

    def _check_weeks(self, company):
        weeks = self.env["crm.revenue.forecast.week"].sudo()
        balance = sum(
            row.not_due_amount
            + row.overdue_amount
            + row.disputed_amount
            - row.unapplied_credit_amount
            for row in self._get_rows(company).values()
        )
        for slice_type in ("company", "user"):
            rows = weeks.search(
                [
                    ("company_id", "=", company.id),
                    ("slice_type", "=", slice_type),
                    ("is_current", "=", True),
                ]
            )
            for name in ("expected", "by_due"):
                total = sum(rows.mapped(name))
                self.assertEqual(
                    company.currency_id.compare_amounts(total, balance), 0, (name, total, balance)
                )
            self.assertFalse(rows.filtered(lambda row: row.low > row.high))
