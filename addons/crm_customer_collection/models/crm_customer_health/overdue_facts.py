from datetime import timedelta

from odoo import api
from odoo.tools import SQL, format_amount, format_date


class OverdueFacts:
    """What to talk about with an overdue customer, beside the figures."""

    __slots__ = ()

    @api.depends(
        "overdue_amount",
        "days_overdue",
        "oldest_due_date",
        "overdue_count",
        "payment_score",
        "payment_trend",
        "unapplied_credit_amount",
        "unsent_amount",
        "rejected_amount",
    )
    @api.depends_context("lang")
    def _compute_overdue_facts(self):
        """Of customers with something overdue; the journals are read with full rights, of rows that
        the user may see.
        """
        self.overdue_facts = False
        owing = self.filtered(lambda health: health.overdue_amount > 0)
        for company, rows in owing.grouped("company_id").items():
            facts = self._get_overdue_facts(company, rows.partner_id)
            for health in rows:
                lines = health._get_overdue_lines(facts.get(health.partner_id.id, {}))
                health.overdue_facts = "\n".join(lines)

    @api.model
    def _get_overdue_facts(self, company, customers) -> dict[int, dict]:
        """What the figures of a customer do not say: the worst overdue invoice (the most money for
        the longest), the last payment, and the last promise that was broken. One statement.
        """
        self.env["crm.payment.promise"].flush_model()
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH %(items)s,
                worst AS (
                    SELECT DISTINCT ON (worst.partner_id) worst.partner_id, move.name AS worst_name,
                           worst.amount AS worst_amount, worst.days AS worst_days
                      FROM (SELECT partner_id, move_id, SUM(amount) AS amount, MAX(days) AS days,
                                   SUM(amount * days) AS weight
                              FROM overdue GROUP BY partner_id, move_id) worst
                      JOIN account_move move ON move.id = worst.move_id
                     ORDER BY worst.partner_id, worst.weight DESC, worst.move_id),
                payment AS (
                    SELECT DISTINCT ON (partner_id) partner_id, paid_on,
                           SUM(amount) AS paid_amount
                      FROM (%(cash)s) cash
                     WHERE amount > 0
                     GROUP BY partner_id, paid_on
                     ORDER BY partner_id, paid_on DESC),
                promise AS (
                    SELECT DISTINCT ON (partner_id) partner_id, date AS promised_for,
                           amount AS promised_amount
                      FROM crm_payment_promise
                     WHERE company_id = %(company)s AND partner_id = ANY(%(customers)s)
                       AND state = 'broken'
                     ORDER BY partner_id, date DESC, id DESC)
                SELECT *
                  FROM worst
                  FULL JOIN payment USING (partner_id)
                  FULL JOIN promise USING (partner_id)
                """,
                items=self.env["crm.customer.flag"]._get_overdue_items_sql(policy, customers),
                cash=self._get_cash_sql(company, customers, since=None, until=None),
                company=company.id,
                customers=list(customers.ids),
            )
        )
        return {row["partner_id"]: row for row in rows}

    def _get_overdue_lines(self, facts: dict) -> list[str]:
        """Hook: what there is to say, a line for each fact.

        :param facts: of :meth:`_get_overdue_facts`.
        """
        self.ensure_one()
        currency = self.currency_id
        today = self.company_id._get_today()
        lines = [
            self.env._(
                "%(amount)s overdue since %(date)s, %(days)s days, instalments: %(count)s",
                amount=format_amount(self.env, self.overdue_amount, currency),
                date=format_date(self.env, self.oldest_due_date),
                days=self.days_overdue,
                count=self.overdue_count,
            )
        ]
        if unsent := self._get_unsent_reason():
            lines.append(unsent)
        if facts.get("worst_name"):
            lines.append(
                self.env._(
                    "Worst: %(invoice)s, %(amount)s, due on %(date)s",
                    invoice=facts["worst_name"],
                    amount=format_amount(self.env, facts["worst_amount"], currency),
                    date=format_date(self.env, today - timedelta(days=facts["worst_days"])),
                )
            )
        unapplied = self._get_unapplied_reason(self.unapplied_credit_amount, currency)
        if unapplied:
            lines.append(unapplied)
        lines.append(
            self.env._(
                "Last payment: %(amount)s on %(date)s",
                amount=format_amount(self.env, facts["paid_amount"], currency),
                date=format_date(self.env, facts["paid_on"]),
            )
            if facts.get("paid_on")
            else self.env._("Last payment: none")
        )
        if facts.get("promised_for"):
            lines.append(
                self.env._(
                    "Broken promise: %(amount)s by %(date)s",
                    amount=format_amount(self.env, facts["promised_amount"], currency),
                    date=format_date(self.env, facts["promised_for"]),
                )
            )
        if self.payment_risk != "unknown":
            lines.append(
                self.env._(
                    "Payment score %(score)s. %(trend)s",
                    score=round(self.payment_score),
                    trend=self._get_trend_reason(),
                ).strip()
            )
        return lines
