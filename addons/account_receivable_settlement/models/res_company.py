from datetime import date, datetime, timezone

import pytz

from odoo import models
from odoo.tools import SQL


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

    def _get_rate_sql(self) -> SQL:
        """Relation (``currency_id``, ``factor``) into the company's currency, at today's rates."""
        self.ensure_one()

        def rate(currency: SQL) -> SQL:
            """The rate of today; of a currency that has only later ones, the first."""
            return SQL(
                """
                COALESCE((SELECT daily.rate FROM res_currency_rate daily
                           WHERE daily.currency_id = %(currency)s
                             AND COALESCE(daily.company_id, %(root_id)s) = %(root_id)s
                           ORDER BY daily.company_id, daily.name > %(today)s,
                                    ABS(daily.name - %(today)s)
                           LIMIT 1), 1)
                """,
                currency=currency,
                root_id=self.root_id.id,
                today=self._get_today(),
                to_flush=self.env["res.currency.rate"]._fields["rate"],
            )

        own_id = self.currency_id.id
        return SQL(
            """
            SELECT currency.id AS currency_id,
                   CASE WHEN currency.id = %(own_id)s THEN 1
                        ELSE %(own_rate)s / %(rate)s END AS factor
              FROM res_currency currency
            """,
            own_id=own_id,
            own_rate=rate(SQL("%s", own_id)),
            rate=rate(SQL("currency.id")),
        )
