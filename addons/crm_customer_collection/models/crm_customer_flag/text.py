from datetime import timedelta

from lxml import html
from markupsafe import Markup

from odoo import api
from odoo.tools import SQL, format_amount, format_date

#: Marks what an activity says by itself, beside what people add.
FACTS_CLASS = "o_crm_customer_flag_facts"


class Text:
    """What the activity of a flag says."""

    __slots__ = ()

    @api.model
    def _get_activity_facts(self, company, customers) -> dict[int, dict]:
        """What the figures of a customer do not say: the worst overdue invoice (the most money for
        the longest), the last payment, and the last promise that was broken. One statement.
        """
        self.env["crm.payment.promise"].flush_model()
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        health = self.env["crm.customer.health"]
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
                items=self._get_overdue_items_sql(policy, customers),
                cash=health._get_cash_sql(company, customers, since=None, until=None),
                company=company.id,
                customers=list(customers.ids),
            )
        )
        return {row["partner_id"]: row for row in rows}

    @api.model
    def _get_summary(self, health) -> str:
        """The activity's title; seen by those who may see what the customer owes."""
        return self.env._(
            "Overdue: %(amount)s since %(date)s",
            amount=format_amount(self.env, health.overdue_amount, health.currency_id),
            date=format_date(self.env, health.oldest_due_date),
        )

    @api.model
    def _get_note(self, health, facts: dict) -> Markup:
        """The activity's text, a line for each fact.

        :param health: the customer's row.
        :param facts: of :meth:`_get_activity_facts`.
        """
        lines = self._get_note_lines(health, facts)
        return Markup('<ul class="%s">%s</ul>') % (
            FACTS_CLASS,
            Markup("").join(Markup("<li>%s</li>") % line for line in lines),
        )

    @api.model
    def _get_replaced_note(self, note, facts: Markup) -> Markup:
        """The text of an activity with other facts, and with what people added to them."""
        content = html.fragment_fromstring(note or "", create_parent=True)
        for outdated in content.find_class(FACTS_CLASS):
            outdated.drop_tree()
        return facts + Markup("").join(
            [
                content.text or "",
                *(Markup(html.tostring(part, encoding="unicode")) for part in content),
            ]
        )

    @api.model
    def _get_note_lines(self, health, facts: dict) -> list[str]:
        """Hook: what the activity says of a customer, in the language of who is told.

        It is not written anew every day: what grows with the days says of which day it is.
        """
        currency = health.currency_id
        today = health.company_id._get_today()
        lines = [
            self.env._(
                "%(amount)s overdue since %(date)s, %(days)s days on %(today)s, instalments:"
                " %(count)s (%(company)s)",
                amount=format_amount(self.env, health.overdue_amount, currency),
                date=format_date(self.env, health.oldest_due_date),
                days=health.days_overdue,
                today=format_date(self.env, today),
                count=health.overdue_count,
                company=health.company_id.display_name,
            )
        ]
        if facts.get("worst_name"):
            lines.append(
                self.env._(
                    "Worst: %(invoice)s, %(amount)s, due on %(date)s",
                    invoice=facts["worst_name"],
                    amount=format_amount(self.env, facts["worst_amount"], currency),
                    date=format_date(self.env, today - timedelta(days=facts["worst_days"])),
                )
            )
        unapplied = health._get_unapplied_reason(health.unapplied_credit_amount, currency)
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
        if health.payment_risk != "unknown":
            lines.append(
                self.env._(
                    "Payment score %(score)s. %(trend)s",
                    score=round(health.payment_score),
                    trend=health._get_trend_reason(),
                ).strip()
            )
        return lines
