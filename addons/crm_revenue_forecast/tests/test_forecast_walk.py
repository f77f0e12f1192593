from collections import defaultdict
from datetime import date

from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests import test_health_walk

from .common import ForecastCommon

#: Layers of what is owed, and the customer's figure that each equals.
FIGURES = {
    "open": "not_due_amount",
    "overdue": "overdue_amount",
    "disputed": "disputed_amount",
    "unmatched": "unapplied_credit_amount",
}


@tagged("post_install", "-at_install")
class TestForecastWalk(ForecastCommon, test_health_walk.TestHealthWalk):
    """Whatever is done in accounting, what is expected is what is owed: after each transaction by
    customer, and by week, to the cent.
    """

    STEPS = 16

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
