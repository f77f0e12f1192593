from datetime import datetime, timedelta
from time import perf_counter

from odoo import fields, models

#: Mondays of the past that are forecast when the addon is installed.
REPLAYED_MONDAYS = 26
#: Computing takes one of so many seconds at most.
PATIENCE = 50
#: After so many minutes it is looked at what deals and orders have become.
LOOK_MINUTES = 50


class CrmCustomerHealthNorm(models.Model):
    """What is kept of a company's forecast; whoever writes its rows holds the lock on it."""

    _inherit = "crm.customer.health.norm"

    forecast_date = fields.Date(
        readonly=True,
        help="The day for which the rows of the forecast were computed. Empty while all have to be"
        " computed anew.",
    )
    forecast_at = fields.Datetime(readonly=True, help="When rows and weeks were computed.")
    forecast_seconds = fields.Float(readonly=True, help="How long that took.")
    is_forecast_stale = fields.Boolean(
        readonly=True, default=True, help="Something changed since the weeks were computed."
    )
    replayed_to = fields.Date(
        readonly=True, help="The last past Monday that was forecast from what was known then."
    )

    def _get_forecast_due_at(self) -> datetime:
        """When rows and weeks may be computed again: when a day begins, else it takes a small part
        of the time at most.
        """
        self.ensure_one()
        if not self.forecast_at or self.forecast_date != self.company_id._get_today():
            return fields.Datetime.now()
        return self.forecast_at + timedelta(seconds=PATIENCE * self.forecast_seconds)

    def _announce_forecast(self):
        """Something changed: have the weeks computed when it is their time."""
        fresh = self.filtered(lambda norm: not norm.is_forecast_stale or not norm.forecast_date)
        if fresh:
            fresh.is_forecast_stale = True
            at = max(fields.Datetime.now(), *(norm._get_forecast_due_at() for norm in fresh))
            self.env.ref("crm_revenue_forecast.ir_cron_refresh")._trigger(at)

    def _is_forecast_due(self) -> bool:
        """What customers owe is known to be stale; deals and orders change without a word, and are
        looked at each hour.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if self._get_forecast_due_at() > now:
            return False
        return (
            self.is_forecast_stale
            or self.forecast_date != self.company_id._get_today()
            or self.forecast_at <= now - timedelta(minutes=LOOK_MINUTES)
        )

    def _refresh_forecast(self):
        """All rows, and the weeks."""
        self.ensure_one()
        company, today = self.company_id, self.company_id._get_today()
        if self.lateness_date != today:
            self._observe_lateness()
        started = perf_counter()
        self.env["crm.revenue.forecast"]._refresh(company)
        self.env["crm.revenue.forecast.week"]._refresh(company, is_prepared=True)
        self.write(
            {
                "forecast_date": today,
                "forecast_at": fields.Datetime.now(),
                "forecast_seconds": perf_counter() - started,
                "is_forecast_stale": False,
            }
        )

    def _get_mondays(self) -> list:
        """The Mondays up to this week's that are still to be forecast from what was known then,
        oldest first.
        """
        self.ensure_one()
        today = self.company_id._get_today()
        monday = today - timedelta(days=today.weekday())
        first = monday - timedelta(weeks=REPLAYED_MONDAYS)
        if self.replayed_to:
            first = max(first, self.replayed_to + timedelta(weeks=1))
        return [first + timedelta(weeks=number) for number in range((monday - first).days // 7 + 1)]
