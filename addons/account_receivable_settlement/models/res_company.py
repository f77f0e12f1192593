from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_today(self) -> date:
        """The date on which this company's receivables are judged.

        A company has no time zone of its own: its contact's counts, else UTC. Nobody's own time
        zone decides: two users must never store two truths. Whatever depends on the calendar
        (overdue, ageing, days) takes this one date, so that a night's difference between server,
        database and user never splits a figure.
        """
        self.ensure_one()
        zone = self.sudo().partner_id.tz or "UTC"
        return datetime.now(timezone.utc).astimezone(ZoneInfo(zone)).date()
