from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class CrmServiceDriver(models.Model):
    """What customers make a company do: the catalogue of drivers of the cost to serve."""

    _name = "crm.service.driver"
    _description = "Driver of Cost to Serve"
    _order = "sequence, name, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("invoice", "Invoice"),
            ("credit_note", "Credit Note"),
            ("activity", "Done Activity"),
            ("meeting", "Meeting"),
            ("lost_opportunity", "Lost Opportunity"),
            ("late_money", "Day of Late Money"),
        ],
        "Unit",
        required=True,
        help="What is counted.",
    )
    activity_type_id = fields.Many2one(
        "mail.activity.type", ondelete="cascade", help="Only activities of this type; all without."
    )
    rate_ids = fields.One2many("crm.service.rate", "driver_id", string="Rates")
    current_rate = fields.Char(
        "Costs Now",
        compute="_compute_current_rate",
        help="What one unit costs today; of late money the yearly rate.",
    )
    is_counted = fields.Boolean(
        readonly=True, help="The past was counted with the rates as they are now."
    )

    @api.depends("kind", "company_id", "rate_ids.unit_amount")
    def _compute_current_rate(self):
        for driver in self:
            today = driver.company_id._get_today()
            rate = driver.rate_ids.filtered(
                lambda rate, today=today: rate._is_of_day(today),
            )
            driver.current_rate = rate._format() if rate else False

    def write(self, vals):
        if not vals.keys().isdisjoint(("active", "company_id", "kind", "activity_type_id")):
            vals = {**vals, "is_counted": False}
        return super().write(vals)

    # Counting ----------------------------------------------------------------------------------

    def _get_event_sql(self) -> SQL | None:
        """Hook: what happened, ``SELECT company_id, partner_id, date, quantity``; contacts stand
        for their customer. A kind of another addon adds its own; :meth:`_get_day_sql` says on which
        day a moment was.
        """
        self.ensure_one()
        return {
            "invoice": self._get_document_sql(("out_invoice", "out_receipt")),
            "credit_note": self._get_document_sql(("out_refund",)),
            "activity": self._get_activity_sql(),
            "meeting": self._get_meeting_sql(),
            "lost_opportunity": self._get_lost_sql(),
        }.get(self.kind)

    def _get_day_sql(self, moment: SQL) -> SQL:
        """The day of a moment (in UTC, as Odoo keeps it) by the clocks of the driver's company."""
        now = self.company_id._get_now()
        hours, minutes = divmod(abs(now.utcoffset()) // timedelta(minutes=1), 60)
        # PostgreSQL may lack old names of time zones: then what the clocks are ahead by today.
        # POSIX counts it the other way round.
        sign = "+" if now.utcoffset() < timedelta() else "-"
        return SQL(
            """
            (%(moment)s AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(
                (SELECT name FROM pg_timezone_names WHERE name = %(zone)s), %(ahead)s))::date
            """,
            moment=moment,
            zone=str(now.tzinfo),
            ahead=f"<company>{sign}{hours:02}:{minutes:02}",
        )

    def _get_document_sql(self, types) -> SQL:
        return SQL(
            """
            SELECT company_id, commercial_partner_id AS partner_id, invoice_date AS date,
                   1 AS quantity
              FROM account_move
             WHERE state = 'posted' AND move_type = ANY(%s) AND company_id = %s
            """,
            list(types),
            self.company_id.id,
        )

    def _get_activity_sql(self) -> SQL:
        """Activities that were done on customers, opportunities, invoices and customers' health."""
        types = SQL("TRUE")
        if self.activity_type_id:
            types = SQL("activity.activity_type_id = %s", self.activity_type_id.id)
        return SQL(
            """
            SELECT COALESCE(document.company_id, person.company_id) AS company_id,
                   document.partner_id, activity.date_done AS date, 1 AS quantity
              FROM mail_activity activity
              JOIN res_users person ON person.id = activity.user_id
             CROSS JOIN LATERAL (
                SELECT company_id, id AS partner_id FROM res_partner
                 WHERE activity.res_model = 'res.partner' AND id = activity.res_id
                 UNION ALL
                SELECT company_id, partner_id FROM crm_lead
                 WHERE activity.res_model = 'crm.lead' AND id = activity.res_id
                 UNION ALL
                SELECT company_id, commercial_partner_id FROM account_move
                 WHERE activity.res_model = 'account.move' AND id = activity.res_id
                   AND move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                 UNION ALL
                SELECT company_id, partner_id FROM crm_customer_health
                 WHERE activity.res_model = 'crm.customer.health' AND id = activity.res_id
                   ) document
             WHERE NOT activity.active AND activity.date_done IS NOT NULL AND %(types)s
               AND COALESCE(document.company_id, person.company_id) = %(company)s
            """,
            types=types,
            company=self.company_id.id,
        )

    def _get_meeting_sql(self) -> SQL:
        """Meetings about an opportunity or with a contact of a customer: each counts once. One of a
        whole day is on that day wherever it is.
        """
        return SQL(
            """
            SELECT DISTINCT COALESCE(lead.company_id, person.company_id) AS company_id,
                   customer.partner_id,
                   CASE WHEN event.allday THEN event.start_date ELSE %(day)s END AS date,
                   1 AS quantity, event.id
              FROM calendar_event event
              JOIN res_users person ON person.id = event.user_id
              LEFT JOIN crm_lead lead ON lead.id = event.opportunity_id
             CROSS JOIN LATERAL (
                SELECT partner.commercial_partner_id AS partner_id
                  FROM calendar_event_res_partner_rel attendee
                  JOIN res_partner partner ON partner.id = attendee.res_partner_id
                 WHERE attendee.calendar_event_id = event.id
                   AND NOT EXISTS (SELECT FROM res_users colleague
                                    WHERE colleague.partner_id = partner.id
                                      AND NOT COALESCE(colleague.share, FALSE))
                 UNION
                SELECT commercial_partner_id FROM res_partner WHERE id = lead.partner_id
                   ) customer
             WHERE event.active AND event.stop < NOW() AT TIME ZONE 'UTC'
               AND COALESCE(lead.company_id, person.company_id) = %(company)s
            """,
            day=self._get_day_sql(SQL("event.start")),
            company=self.company_id.id,
        )

    def _get_lost_sql(self) -> SQL:
        return SQL(
            """
            SELECT COALESCE(company_id, %(company)s) AS company_id, partner_id,
                   %(day)s AS date, 1 AS quantity
              FROM crm_lead
             WHERE won_status = 'lost' AND type = 'opportunity'
               AND COALESCE(company_id, %(company)s) = %(company)s
            """,
            day=self._get_day_sql(SQL("COALESCE(date_closed, write_date)")),
            company=self.company_id.id,
        )

    @api.model
    def _cron_count(self):
        """Count the work of this month and the last; all of it where rates changed."""
        drivers = self.search([("active", "in", (True, False))])
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(drivers))
        for driver in drivers:
            self.env["crm.customer.service"]._count(driver)
            if not commit_progress(1):
                break
