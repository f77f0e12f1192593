from datetime import datetime, timedelta
from time import perf_counter

from odoo import api, fields, models

#: Mondays of the past that are forecast when the addon is installed.
REPLAYED_MONDAYS = 26
#: Computing takes one of so many seconds at most.
PATIENCE = 50


class CrmRevenueForecastState(models.Model):
    """How far a company's forecast is computed.

    Only the scheduled actions of the forecast write it: whoever follows the customers' figures at
    the same moment neither waits for it nor is made to repeat.
    """

    _name = "crm.revenue.forecast.state"
    _description = "State of a Company's Forecast"
    _order = "company_id"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    forecast_date = fields.Date(
        "Computed For", readonly=True, help="The day for which all rows were computed."
    )
    forecast_at = fields.Datetime(
        "Computed At", readonly=True, help="When rows and weeks were computed."
    )
    forecast_seconds = fields.Float("Seconds", readonly=True, help="How long that took.")
    replayed_to = fields.Date(
        readonly=True, help="The last past Monday that was forecast from what was known then."
    )

    _company_uniq = models.Constraint("UNIQUE (company_id)", "A company has one forecast.")

    @api.model
    def _get_states(self):
        """Those of all companies that have customers' figures, made where they are missing."""
        policies = self.env["crm.customer.health.policy"]
        companies = policies._get_policy(policies._get_companies()).company_id
        return companies._get_forecast_states(is_made=True)

    def _lock(self):
        """Those whose company's forecast and customers nobody else is computing at this moment.

        To be called first of all in a transaction: what another one wrote after its beginning
        could not be locked any more. The norm is locked, as by whoever writes the rows of
        customers, and not written.
        """
        locked = self.try_lock_for_update()
        norms = self.env["crm.customer.health.norm"].search(
            [("company_id", "in", locked.company_id.ids)]
        )
        companies = norms.try_lock_for_update().company_id
        return locked.filtered(lambda state: state.company_id in companies)

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
        at = max(fields.Datetime.now(), *(state._get_forecast_due_at() for state in self))
        self.env.ref("crm_revenue_forecast.ir_cron_refresh")._trigger(at)

    def _is_forecast_due(self) -> bool:
        """Whether it may be computed again. Deals and orders change without a word: they are looked
        at each time.
        """
        return self._get_forecast_due_at() <= fields.Datetime.now()

    def _refresh_forecast(self):
        """All rows, and the weeks."""
        self.ensure_one()
        company, today = self.company_id, self.company_id._get_today()
        self.env["crm.payment.lateness"]._refresh(company)
        started = perf_counter()
        self.env["crm.revenue.forecast"]._refresh(company)
        self.env["crm.revenue.forecast.week"]._refresh(company, is_prepared=True)
        self.write(
            {
                "forecast_date": today,
                "forecast_at": fields.Datetime.now(),
                "forecast_seconds": perf_counter() - started,
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
