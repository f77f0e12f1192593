from odoo import fields, models
from odoo.tools import SQL

#: What was not sent, or not yet.
NOT_SENT = ("outgoing", "process", "error", "cancel")


class CrmServiceDriver(models.Model):
    """Mailings are written, and sent to customers."""

    _inherit = "crm.service.driver"

    kind = fields.Selection(selection_add=[("mailing", "Mailing")], ondelete={"mailing": "cascade"})

    def _get_event_sql(self) -> SQL | None:
        """Each message of a mailing that was sent to a customer or one of its contacts counts, on
        the day on which it was sent; tests do not.

        Mailing contacts have no customer: theirs is the oldest contact with the same address. A
        mailing has no company: it is that of its responsible.
        """
        if self.kind != "mailing":
            return super()._get_event_sql()
        return SQL(
            """
            WITH trace AS (
                SELECT trace.model, trace.res_id, LOWER(trace.email) AS email,
                       %(company)s AS company_id, %(day)s AS date
                  FROM mailing_trace trace
                  JOIN mailing_mailing mailing ON mailing.id = trace.mass_mailing_id
                  JOIN res_users person
                    ON person.id = COALESCE(mailing.user_id, mailing.create_uid)
                 WHERE trace.trace_status != ALL(%(not_sent)s)
                   AND trace.is_test_trace IS NOT TRUE
                   AND person.company_id = %(company)s
            )
            SELECT trace.company_id, trace.res_id AS partner_id, trace.date, 1 AS quantity
              FROM trace
             WHERE trace.model = 'res.partner'
             UNION ALL
            SELECT trace.company_id, lead.partner_id, trace.date, 1
              FROM trace
              JOIN crm_lead lead ON lead.id = trace.res_id
             WHERE trace.model = 'crm.lead' AND lead.partner_id IS NOT NULL
             UNION ALL
            SELECT trace.company_id, person.id, trace.date, 1
              FROM trace
              JOIN (
                SELECT email_normalized, MIN(id) AS id
                  FROM res_partner
                 WHERE email_normalized IS NOT NULL
                   AND (company_id IS NULL OR company_id = %(company)s)
                 GROUP BY email_normalized
                   ) person ON person.email_normalized = trace.email
             WHERE trace.model = 'mailing.contact'
            """,
            company=self.company_id.id,
            day=self._get_day_sql(SQL("COALESCE(trace.sent_datetime, trace.create_date)")),
            not_sent=list(NOT_SENT),
        )
