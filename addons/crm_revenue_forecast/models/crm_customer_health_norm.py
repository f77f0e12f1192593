from datetime import datetime, timedelta
from time import perf_counter

from odoo import fields, models

#: Mondays of the past that are forecast when the addon is installed.
REPLAYED_MONDAYS = 26
#: The weeks are computed at most so much less often than computing them takes.
PATIENCE = 50


class CrmCustomerHealthNorm(models.Model):
    """What is kept of a company's forecast; whoever writes its rows holds the lock on it."""

    _inherit = "crm.customer.health.norm"

    forecast_date = fields.Date(
        readonly=True, help="The day for which all rows of the forecast were computed."
    )
    weeks_computed_at = fields.Datetime(readonly=True, help="When the weeks were computed.")
    weeks_seconds = fields.Float(readonly=True, help="How long that took.")
    is_week_stale = fields.Boolean(
        readonly=True, default=True, help="Something changed since the weeks were computed."
    )
    replayed_to = fields.Date(
        readonly=True, help="The last past Monday that was forecast from what was known then."
    )

    def _get_weeks_due_at(self) -> datetime:
        """When the weeks may be computed again: it takes a small part of the time at most."""
        self.ensure_one()
        if not self.weeks_computed_at or self.forecast_date != self.company_id._get_today():
            return fields.Datetime.now()
        return self.weeks_computed_at + timedelta(seconds=PATIENCE * self.weeks_seconds)

    def _announce_forecast(self):
        """Something changed: have the weeks computed when it is their time."""
        fresh = self.filtered(lambda norm: not norm.is_week_stale or not norm.forecast_date)
        if fresh:
            fresh.is_week_stale = True
            at = max(fields.Datetime.now(), *(norm._get_weeks_due_at() for norm in fresh))
            self.env.ref("crm_revenue_forecast.ir_cron_refresh")._trigger(at)

    def _is_forecast_due(self) -> bool:
        self.ensure_one()
        if self.forecast_date != self.company_id._get_today():
            return True
        return self.is_week_stale and self._get_weeks_due_at() <= fields.Datetime.now()

    def _refresh_forecast(self):
        """All rows if a day has begun; then the weeks."""
        self.ensure_one()
        company, today = self.company_id, self.company_id._get_today()
        if self.forecast_date != today:
            if self.lateness_date != today:
                self._observe_lateness()
            self.env["crm.revenue.forecast"]._refresh(company)
            self.forecast_date = today
        started = perf_counter()
        self.env["crm.revenue.forecast.week"]._refresh(company)
        self.write(
            {
                "weeks_computed_at": fields.Datetime.now(),
                "weeks_seconds": perf_counter() - started,
                "is_week_stale": False,
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
