from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.account_receivable_verify.tests.common import VerifyMixin
from odoo.addons.crm_revenue_forecast.tests.common import ForecastCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-03-15 12:00:00")
class TestForecastVerification(VerifyMixin, ForecastCommon):
    """What the forecast takes as owed is what the ledger says."""

    CHECKS = ("forecast", "forecast_total")

    def _fill_books(self):
        """1,000 overdue, of it 250 paid, 600 not due, 40 in the house."""
        overdue = self._invoice(1000.0)
        self._pay(overdue, 250.0)
        self._invoice(600.0, invoice_date_due="2024-04-20")
        self._opening(-40.0, "2024-02-01")
        self._forecast()
        # What the scheduled action does after each transaction.
        while self.env["account.receivable.change"].sudo()._work_off("crm.customer.health"):
            pass

    def test_clean_books(self):
        self._fill_books()
        run = self._verify()
        self.assertClean(run)
        total = run.total_ids.filtered(lambda row: row.value == "forecast")
        self.assertEqual((total.ledger_amount, total.own_amount), (1310, 1310))

    def test_what_was_spoilt_is_found(self):
        self._fill_books()
        self.env.cr.execute(
            "UPDATE crm_revenue_forecast SET amount = amount + 5"
            " WHERE partner_id = %s AND layer = 'open'",
            [self.partner.id],
        )
        run = self._verify()
        self.assertEqual(
            self._get_differences(run),
            {
                (self.partner.display_name, "layer_open"): (605, 600, 5),
                (self.company.display_name, "forecast"): (1315, 1310, 5),
            },
        )

    def test_new_day_is_no_difference(self):
        self._fill_books()
        with freeze_time("2024-04-25 12:00:00"):
            run = self._verify()
        self.assertFalse(self._get_found(run, "difference"))
        self.assertEqual(
            self._get_differences(run, "waiting"),
            {
                (self.partner.display_name, "layer_open"): (600, 0, 600),
                (self.partner.display_name, "layer_overdue"): (750, 1350, -600),
            },
        )
