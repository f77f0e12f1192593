from collections import defaultdict
from datetime import timedelta

from odoo import api
from odoo.fields import Domain
from odoo.tools import SQL


class Judgement:
    """Whether promises were kept, as the journals and the calendar say."""

    __slots__ = ()

    @api.model
    def _judge(self, companies, partners=None):
        """Bring ``paid_amount`` and ``state`` in line with the journals and the calendar.

        One statement for the payments; only what changed is written. What was unreconciled is not
        paid any more.

        :param partners: the customers that changed; without it those of whom a promise runs, for
            only that the calendar ends.
        """
        own = Domain("company_id", "in", companies.ids)
        if partners is None:
            running = self.search(own & Domain("state", "=", "running"))
            partners = running.partner_id.commercial_partner_id
        # All of a customer: a payment counts for the promise of the earliest day.
        domain = (
            own
            & Domain("state", "!=", "withdrawn")
            & Domain("partner_id.commercial_partner_id", "in", partners.ids)
        )
        promises = self.search(domain, order="date, id")
        if not promises:
            return  # mostly there is none
        payments = promises._get_payments()
        cleared = promises._get_cleared()
        ended = changed = self.browse()
        for promise in promises:
            key = (promise.company_id.id, promise.partner_id.commercial_partner_id.id)
            paid = promise._take_payments(payments[key])
            state = promise._get_state(paid, is_cleared=key in cleared)
            if promise.state == "running" != state:
                ended |= promise
            if promise.currency_id.compare_amounts(promise.paid_amount, paid):
                promise.paid_amount = paid
            if promise.state != state:
                promise.state = state
                changed |= promise
        ended._resume_flags()
        changed._log_on_customers()

    def _get_state(self, paid: float, is_cleared: bool) -> str:
        if self.currency_id.compare_amounts(paid, self.amount) >= 0:
            return "kept"
        if self.state in ("running", "settled") and is_cleared:
            return "settled"
        return "broken" if self.date < self.company_id._get_today() else "running"

    def _take_payments(self, payments: list) -> float:
        """What of these payments is for this promise; it is taken from them.

        Money of the days from the promise to its own, for invoices of before: who pays a purchase
        of today has not paid the debt.
        """
        taken = 0.0
        for payment in payments:
            if (
                self.made_on <= payment["paid_on"] <= self.date
                and payment["invoiced_on"] <= self.made_on
            ):
                part = min(payment["amount"], max(self.amount - taken, 0))
                payment["amount"] -= part
                taken += part
        return taken

    def _get_payments(self) -> dict[tuple[int, int], list[dict]]:
        """Money received from these promises' customers since they were made, less what was paid
        back, by company and customer: a row for each day and day of the invoice, oldest first.
        """
        payments = defaultdict(list)
        for row in self.env.execute_query_dict(
            SQL(
                """
                SELECT company_id, partner_id, paid_on, invoiced_on, SUM(amount) AS amount
                  FROM (%s) cash
                 GROUP BY company_id, partner_id, paid_on, invoiced_on
                 ORDER BY paid_on, invoiced_on
                """,
                self.env["crm.customer.health"]._get_cash_sql(
                    self.company_id,
                    self.partner_id.commercial_partner_id,
                    since=min(self.mapped("made_on")) - timedelta(days=1),
                    until=max(self.mapped("date")),
                ),
            )
        ):
            payments[row["company_id"], row["partner_id"]].append(row)
        return payments

    def _get_cleared(self) -> set[tuple[int, int]]:
        """Pairs of company and customer of these promises with nothing open, by stored figures."""
        groups = self.env["crm.customer.health"]._read_group(
            Domain("company_id", "in", self.company_id.ids)
            & Domain("partner_id", "in", self.partner_id.commercial_partner_id.ids)
            & Domain("open_amount", "<=", 0),
            ["company_id", "partner_id"],
        )
        return {(company.id, partner.id) for company, partner in groups}
