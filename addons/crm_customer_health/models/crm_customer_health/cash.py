from datetime import date, timedelta

from odoo import api
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope


class Cash:
    """Cash: what customers paid on which days.

    These methods read with full rights: the caller sees to it that the user may see the customers.
    """

    __slots__ = ()

    @api.model
    def _get_cash_received(self, company, since: date, until: date) -> float:
        """Money received from customers on invoices after ``since`` up to ``until``, less what was
        paid back.
        """
        [(total,)] = self.env.execute_query(
            SQL(
                "SELECT COALESCE(SUM(amount), 0) FROM (%s) cash",
                self._get_cash_sql(company, None, since, until),
            )
        )
        return total

    @api.model
    def _get_cash_by_customer(
        self, company, partners, since: date, until: date
    ) -> dict[int, float]:
        """The same by customer: amounts by partner id."""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT partner_id, SUM(amount) FROM (%s) cash GROUP BY partner_id",
                    self._get_cash_sql(company, partners, since, until),
                )
            )
        )

    @api.model
    def _get_cash_by_day(self, company, since: date, until: date) -> dict[date, float]:
        """The same by day; days without any are left out."""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT paid_on, SUM(amount) FROM (%s) cash GROUP BY paid_on",
                    self._get_cash_sql(company, None, since, until),
                )
            )
        )

    def _get_cash_sql(self, companies, partners, since: date | None, until: date | None) -> SQL:
        """What counts as cash: money received from customers on posted documents, negative when it
        was paid back. A row for each settled part, with ``company_id``, ``partner_id``,
        ``invoiced_on``, ``paid_on`` and ``amount``.

        :param partners: only of these customers; of all without it.
        :param since: only of the days after this one.
        :param until: only of the days up to this one.
        """
        self._flush_sources()
        conditions = [SQL("settlement.company_id = ANY(%s)", list(companies.ids))]
        if since:
            conditions.append(SQL("settlement.settlement_date > %s", since))
        if until:
            conditions.append(SQL("settlement.settlement_date <= %s", until))
        settlements = self.env["account.receivable.settlement"]
        scope = Scope(partners=partners, since=since)
        if partners is None and since and until:
            scope = settlements._get_window_scope(since + timedelta(days=1), until)
        return SQL(
            """
            SELECT settlement.company_id, partner.commercial_partner_id AS partner_id,
                   settlement.invoice_date AS invoiced_on, settlement.settlement_date AS paid_on,
                   settlement.amount
              FROM (%(settlements)s) settlement
              JOIN res_partner partner ON partner.id = settlement.partner_id
             WHERE NOT settlement.is_mirror
               AND settlement.parent_state = 'posted'
               AND settlement.kind = 'payment'
               AND %(conditions)s
            """,
            settlements=settlements._get_settlement_sql(scope),
            conditions=SQL(" AND ").join(conditions),
        )
