from datetime import date, datetime, timezone

import pytz

from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        # Its accounts tell how entries are read, its contact's time zone what is overdue.
        with self.env["account.receivable.change"]._watch_settings(self, vals, self):
            return super().write(vals)

    def _get_now(self) -> datetime:
        """What the clocks of this company show.

        A company has no time zone of its own: its contact's counts, else UTC. Nobody's own time
        zone decides: two users must never store two truths.
        """
        self.ensure_one()
        # Of Odoo's `pytz`, not of the system: it knows the old names, which browsers and copied
        # databases bring along, wherever it runs.
        zone = pytz.timezone(self.sudo().partner_id.tz or "UTC")
        return datetime.now(timezone.utc).astimezone(zone)

    def _get_today(self) -> date:
        """The date on which this company's receivables are judged.

        Whatever depends on the calendar (overdue, ageing, days) takes this one date, so that a
        night's difference between server, database and user never splits a figure.
        """
        return self._get_now().date()
