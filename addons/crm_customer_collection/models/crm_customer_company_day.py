import datetime

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: The longest period of a digest is a month, and it is compared with the one before.
KEPT_DAYS = 62
#: Money of so many days is read from the journals: bank statements are often entered days later.
RECENT_DAYS = 8


class CrmCustomerCompanyDay(models.Model):
    """What all customers of a company owed overdue at the end of a day, and paid on it.

    The digest compares days of two months: reading each of them from the journals takes seconds in
    large books. A day is kept when it is over. What was overdue stays as it was known then; what
    was paid is read anew every night. A day that is not kept is read from the journals.
    """

    _name = "crm.customer.company.day"
    _description = "Customers of a Company on a Day"
    _order = "date desc, company_id"
    _rec_name = "date"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, readonly=True)
    overdue_amount = fields.Monetary(
        "Overdue", readonly=True, help="What was overdue at the end of the day."
    )
    received_amount = fields.Monetary(
        "Received", readonly=True, help="Money received on that day, less what was paid back."
    )

    _company_date_uniq = models.Constraint(
        "UNIQUE (company_id, date)", "A day of a company is kept once."
    )

    @api.model
    def _get_overdue_total(self, company, day: datetime.date) -> float:
        """What all customers of the company owed overdue at the end of a day; now if it is today.

        Reads with full rights: the caller sees to it that the user may see all customers.
        """
        health = self.env["crm.customer.health"].sudo()
        norm = self.env["crm.customer.health.norm"].sudo()
        today = company._get_today()
        if day >= today and norm.search_count(
            [("company_id", "=", company.id), ("as_of_date", "=", today)]
        ):
            [(total,)] = health._read_group(
                [("company_id", "=", company.id)], [], ["overdue_amount:sum"]
            )
            return total
        kept = self.sudo().search([("company_id", "=", company.id), ("date", "=", day)])
        return kept.overdue_amount if kept else health._get_overdue_total(company, day)

    @api.model
    def _get_cash_received(self, company, since: datetime.date, until: datetime.date) -> float:
        """Money received after ``since`` up to ``until``, as
        ``crm.customer.health._get_cash_received``.
        """
        kept_until = min(until, company._get_today() - datetime.timedelta(days=RECENT_DAYS))
        total = 0.0
        if since < kept_until:
            days = self.sudo().search(self._get_period_domain(company, since, kept_until))
            if len(days) == (kept_until - since).days:
                total, since = sum(days.mapped("received_amount")), kept_until
        if since < until:
            total += self.env["crm.customer.health"]._get_cash_received(company, since, until)
        return total

    @api.model
    def _get_period_domain(self, company, since: datetime.date, until: datetime.date) -> Domain:
        return (
            Domain("company_id", "=", company.id)
            & Domain("date", ">", since)
            & Domain("date", "<=", until)
        )

    @api.model
    def _cron_keep(self):
        """Keep the days that are over and not kept yet, of companies of which somebody gets a
        digest, a day at a time, committed.
        """
        missing = [
            (company, day)
            for company in self._get_companies()
            for day in self._get_missing_days(company)
        ]
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(missing))
        for company, day in missing:
            self._keep(company, day)
            if not commit_progress(1):
                return

    @api.model
    def _get_companies(self):
        """Companies of which a digest that is sent shows overdue or received amounts."""
        digests = (
            self.env["digest.digest"]
            .sudo()  # for whom something is to be kept: nothing of it is shown
            .search(
                Domain("state", "=", "activated")
                & (
                    Domain("kpi_overdue_customers", "=", True)
                    | Domain("kpi_cash_received", "=", True)
                )
            )
        )
        of_everybody = digests.filtered(lambda digest: not digest.company_id)
        return digests.company_id | of_everybody.user_ids.company_id

    @api.model
    def _get_missing_days(self, company) -> list[datetime.date]:
        """The newest first."""
        yesterday = company._get_today() - datetime.timedelta(days=1)
        since = yesterday - datetime.timedelta(days=KEPT_DAYS)
        kept = set(self.search(self._get_period_domain(company, since, yesterday)).mapped("date"))
        days = [yesterday - datetime.timedelta(days=ago) for ago in range(KEPT_DAYS)]
        return [day for day in days if day not in kept]

    @api.model
    def _keep(self, company, day: datetime.date):
        """Keep a day, bring what was paid on the others up to date, and forget the oldest ones.

        Nothing if another process has kept it: the action may run twice, when the scheduler that
        began it lost its connection.
        """
        health = self.env["crm.customer.health"]
        today = company._get_today()
        since = today - datetime.timedelta(days=KEPT_DAYS + 1)
        self.search([("company_id", "=", company.id), ("date", "<=", since)]).unlink()
        kept = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_customer_company_day (
                    company_id, date, overdue_amount,
                    create_uid, create_date, write_uid, write_date)
                VALUES (%(company)s, %(day)s, %(overdue)s, %(uid)s, %(now)s, %(uid)s, %(now)s)
                ON CONFLICT (company_id, date) DO NOTHING
                RETURNING id
                """,
                company=company.id,
                day=day,
                overdue=health._get_overdue_total(company, day),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        if not kept:
            return
        new = self.browse(kept[0])
        if day == today - datetime.timedelta(days=1):
            received = health._get_cash_by_day(company, since, day)
            for row in self.search([("company_id", "=", company.id)]):
                row.received_amount = received.get(row.date, 0)
        else:
            new.received_amount = health._get_cash_received(
                company, day - datetime.timedelta(days=1), day
            )
