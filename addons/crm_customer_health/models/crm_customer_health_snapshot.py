import datetime
import time

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, groupby
from odoo.tools.query import Query

from odoo.addons.account_receivable_settlement.scope import Scope

from ..scope import HealthScope

#: How many month ends are taken in one transaction: settlements are read once for all of them.
MONTHS_PER_STEP = 6

#: No further one is begun when it would be done later than this: servers kill scheduled actions
#: after two minutes unless configured otherwise.
SECONDS_PER_STEP = 60

#: How many month ends are kept for the time before the installation.
BACKFILL_MONTHS = 24


class CrmCustomerHealthSnapshot(models.Model):
    """A customer at the end of a month, as the journals said then. In company currency.

    Kept for customers with something open or unapplied, settled in the window, invoiced within a
    year, or with something open a month before. What is changed in the journals later does not
    change what was kept; only merged customers are replayed. Of a group of several months, what
    stood at a month end is the mean of the month ends.
    """

    _name = "crm.customer.health.snapshot"
    _description = "Customer Health at Month End"
    _inherit = ["crm.customer.kept.figures", "crm.customer.month.ends"]
    _order = "date desc, overdue_amount desc, id"
    # Millions of rows that nobody edits.
    _log_access = False

    date = fields.Date(
        "Month End", required=True, readonly=True, help="The day on which the figures are judged."
    )
    # Their labels, which may be translated by hand, are those of the customers' rows.
    payment_risk = fields.Selection(
        selection=lambda self: self.env["crm.customer.health"]._get_selection("payment_risk")
    )
    health_status = fields.Selection(
        selection=lambda self: self.env["crm.customer.health"]._get_selection("health_status")
    )
    invoiced_amount = fields.Monetary(
        "Invoiced in the Month",
        readonly=True,
        help="Posted invoices and receipts dated in the month, with taxes, less credit notes.",
    )

    # A constraint, not only an index: merging contacts looks for constraints.
    _partner_company_date_uniq = models.Constraint(
        "UNIQUE (partner_id, company_id, date)", "A month end of a customer is kept once."
    )
    _company_date_idx = models.Index("(company_id, date)")

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """What stood at several month ends does not add up: it is that of the last one."""
        field_name, __, aggregator = aggregate_spec.partition(":")
        figure = self._get_register().get(field_name)
        is_sum = aggregator in ("sum", "sum_currency")
        if not is_sum or not figure or figure.empty != 0:
            return super()._read_group_select(aggregate_spec, query)
        return self._get_balance_sql(aggregate_spec, query)

    # Taking ----------------------------------------------------------------------------------

    @api.model
    def _cron_take_snapshots(self):
        """Keep the month ends that are missing, of all companies, some at a time, committed.

        Reading the journals takes the time, and is the same for one company and for all.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        missing = self._get_missing()
        commit_progress(remaining=len(missing))
        steps = [
            (month_end, self.env["res.company"].union(*(company for company, __ in same_day)))
            for month_end, same_day in groupby(missing, lambda step: step[1])
        ]
        while steps:
            done = self._take_together(steps[:MONTHS_PER_STEP])
            if not commit_progress(sum(len(companies) for __, companies in steps[:done])):
                break
            steps = steps[done:]

    @api.model
    def _take_together(self, steps: list[tuple[datetime.date, models.Model]]) -> int:
        """Keep month ends ``[(month end, companies), ...]``, reading all settlements once.

        Stops in time: a scheduled action that runs for too long is killed and keeps nothing.

        :return: how many month ends were done, one at least.
        """
        start = time.monotonic()
        policies = self.env["crm.customer.health.policy"]._get_policy(
            self.env["res.company"].union(*(companies for __, companies in steps))
        )
        oldest = min(month_end for month_end, __ in steps)
        months = max(policies.mapped("window_months"))
        since = oldest - relativedelta(months=months, days=1)
        self._fill_settlements(since)
        done = duration = 0
        for month_end, companies in steps:
            if done and time.monotonic() - start + duration > SECONDS_PER_STEP:
                break
            month_start = time.monotonic()
            self._take(companies, month_end, SQL("SELECT * FROM pg_temp.health_all_settlement"))
            duration = time.monotonic() - month_start
            done += 1
        self.env.cr.execute(SQL("DROP TABLE pg_temp.health_all_settlement"))
        return done

    def _fill_settlements(self, since: datetime.date):
        """Read all settlements after a day into a temporary table, which ends with the transaction:
        several past days are replayed from it.
        """
        self.env["crm.customer.health"]._flush_sources()
        cr = self.env.cr
        cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.health_all_settlement"))
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE health_all_settlement ON COMMIT DROP AS %s",
                self.env["account.receivable.settlement"]._get_settlement_sql(Scope(since=since)),
            )
        )
        # A temporary table has no statistics of its own accord.
        cr.execute(SQL("ANALYZE pg_temp.health_all_settlement"))

    @api.model
    def _get_missing(self) -> list[tuple[models.Model, datetime.date]]:
        """Month ends to take, newest first: since a company's first receivable, two years at most.

        A month end is taken when it is over.
        """
        companies = self.env["crm.customer.health.policy"]._get_companies()
        first_dates = self._get_first_dates()
        months = self._get_months(companies)
        taken = {(month.company_id, month.date) for month in months}
        missing = []
        for company in companies.filtered(lambda company: company.id in first_dates):
            month_end = company._get_today()
            for __ in range(BACKFILL_MONTHS):
                month_end = self._get_month_end_before(month_end)
                if month_end < first_dates[company.id]:
                    break
                if (company, month_end) not in taken:
                    missing.append((company, month_end))
        return sorted(missing, key=lambda step: step[1], reverse=True)

    @api.model
    def _get_months(self, companies):
        """The month ends that were taken."""
        return (
            self.env["crm.customer.health.month"]
            .sudo()
            .search([("company_id", "in", companies.ids)])
        )

    @api.model
    def _get_month_end_before(self, day: datetime.date) -> datetime.date:
        return day.replace(day=1) - relativedelta(days=1)

    @api.model
    def _get_month_end_after(self, day: datetime.date) -> datetime.date:
        return day + relativedelta(months=1, day=31)

    @api.model
    def _get_first_dates(self) -> dict[int, datetime.date]:
        """The day of the first receivable of each company that has one."""
        self.env["account.move.line"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT line.company_id, MIN(line.date)
                      FROM account_move_line line
                     WHERE line.parent_state = 'posted'
                       AND line.account_id IN (%s)
                       AND line.partner_id IS NOT NULL
                     GROUP BY line.company_id
                    """,
                    self.env["account.receivable"]._get_trade_account_sql(),
                )
            )
        )

    @api.model
    def _take(self, companies, month_end: datetime.date, settlements: SQL | None = None):
        """Keep one month end of all customers of companies, unless somebody else does or did.

        :param settlements: all settlements of that time, if they were read before.
        """
        policies = self.env["crm.customer.health.policy"]._get_policy(companies)
        companies = policies.try_lock_for_update(allow_referencing=True).company_id
        months = self._get_months(companies)
        companies -= months.filtered(lambda month: month.date == month_end).company_id
        if not companies:
            return
        health = self.env["crm.customer.health"]
        health._fill_tables(HealthScope(companies, as_of=month_end, settlements=settlements))
        self._insert_months(companies, month_end)
        self._insert(SQL(""), month_end)
        self._insert_settled(companies, month_end)
        self._insert_settled(companies, self._get_month_end_after(month_end))
        self.invalidate_model()

    def _insert_months(self, companies, month_end: datetime.date):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_health_month (
                    company_id, date, norm, create_uid, create_date, write_uid, write_date)
                SELECT company.id, %(month_end)s, to_jsonb(norm),
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM res_company company
                  LEFT JOIN health_norm norm ON norm.company_id = company.id
                 WHERE company.id = ANY(%(company_ids)s)
                """,
                company_ids=companies.ids,
                month_end=month_end,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.env["crm.customer.health.month"].invalidate_model()

    def _insert(self, with_sql: SQL, month_end: datetime.date):
        """Keep what ``health_result`` says of the customers; what was kept already stays.

        :param with_sql: the relations, where they are no tables.
        """
        figures = [SQL.identifier(name) for name in self._get_register()]
        self.env.cr.execute(
            SQL(
                """
                %(with)s
                INSERT INTO crm_customer_health_snapshot (
                    company_id, partner_id, date, invoiced_amount, %(figures)s)
                SELECT result.company_id, result.partner_id, %(month_end)s,
                       COALESCE(invoiced.amount, 0), %(figures)s
                  FROM health_result result
                  LEFT JOIN (
                    SELECT company_id, partner_id, SUM(total) AS amount
                      FROM health_document
                     WHERE invoice_date > %(month_end_before)s AND invoice_date <= %(month_end)s
                     GROUP BY company_id, partner_id
                  ) invoiced USING (company_id, partner_id)
                 WHERE open_amount != 0
                    OR unapplied_credit_amount != 0
                    OR scored_count != 0
                    OR paid_amount != 0
                    OR written_off_amount != 0
                    OR invoice_count_12m != 0
                    OR revenue_12m != 0
                    OR invoiced.amount != 0
                ON CONFLICT (partner_id, company_id, date) DO NOTHING
                """,
                **{"with": with_sql},
                figures=SQL(", ").join(figures),
                month_end=month_end,
                month_end_before=self._get_month_end_before(month_end),
            )
        )

    def _insert_settled(self, companies, month_end: datetime.date, partners=None):
        """Who owed something a month before this month end has a row, also with nothing left.

        Month ends are taken in any order: does nothing while one of the two is missing.
        """
        register = self._get_register()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_health_snapshot (
                    company_id, partner_id, date, invoiced_amount, %(names)s)
                SELECT company_id, partner_id, month.date, 0, %(values)s
                  FROM crm_customer_health_snapshot before
                  JOIN crm_customer_health_month month USING (company_id)
                 WHERE company_id = ANY(%(company_ids)s)
                   AND before.date = %(month_end_before)s
                   AND month.date = %(month_end)s
                   AND (before.open_amount != 0 OR before.unapplied_credit_amount != 0)
                   AND %(scope)s
                ON CONFLICT (partner_id, company_id, date) DO NOTHING
                """,
                names=SQL(", ").join(SQL.identifier(name) for name in register),
                values=SQL(", ").join(SQL("%s", figure.empty) for figure in register.values()),
                company_ids=companies.ids,
                month_end=month_end,
                month_end_before=self._get_month_end_before(month_end),
                scope=SQL("TRUE")
                if partners is None
                else SQL("partner_id = ANY(%s)", list(partners.ids)),
            )
        )

    # Merged customers ------------------------------------------------------------------------

    @api.model
    def _rebuild(self, partners):
        """Replay these customers for the month ends that are kept: they were merged.

        They are compared with what was usual among the company's customers then.
        """
        self.search([("partner_id", "in", partners.ids)]).unlink()
        months = self._get_months(self._get_companies_of(partners))
        health = self.env["crm.customer.health"]
        health._flush_sources()
        for month_end, same_day in sorted(months.grouped("date").items()):
            companies = same_day.company_id
            relations = health._get_relations(
                HealthScope(companies, partners, month_end, norm_date=month_end)
            )
            self._insert(health._get_with_sql(relations), month_end)
            self._insert_settled(companies, month_end, partners)
        self.invalidate_model()

    @api.model
    def _get_companies_of(self, partners):
        """Companies in whose books these customers, or their contacts, are."""
        lines = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("partner_id.commercial_partner_id", "in", partners.ids),
                    ("account_type", "=", "asset_receivable"),
                ],
                ["company_id"],
            )
        )
        return self.env["res.company"].union(*(company for [company] in lines))
