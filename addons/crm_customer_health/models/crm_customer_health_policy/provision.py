from datetime import date
from itertools import pairwise

from dateutil.relativedelta import relativedelta

from odoo import api
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, float_compare, format_date, formatLang

from odoo.addons.account_receivable_settlement.bands import BANDS
from odoo.addons.account_receivable_settlement.scope import Scope

#: The provision matrix, youngest first: the field of the rate, by the band that it is for.
RATE_BY_BAND = {
    "not_due_amount": "provision_not_due_rate",
    "overdue_1_30": "provision_1_30_rate",
    "overdue_31_60": "provision_31_60_rate",
    "overdue_61_90": "provision_61_90_rate",
    "overdue_over_90": "provision_over_90_rate",
}
#: From how many days past the due date on a rate holds; ``None`` for what is not due.
PROVISION_RATES = {RATE_BY_BAND[band]: days for band, days in BANDS.items()}
OLDEST_AGE = max(days for days in BANDS.values() if days)


class Provision:
    """Provision matrix: which part of what is open is expected never to be paid, by age."""

    __slots__ = ()

    @api.constrains(*PROVISION_RATES)
    def _check_provision_rates(self):
        for policy in self:
            rates = [policy[name] for name in PROVISION_RATES]
            if min(rates) < 0:
                raise ValidationError(self.env._("A provision rate is negative."))
            if max(rates) > 100:
                raise ValidationError(self.env._("A provision rate is above 100 %."))
            if any(
                float_compare(older, younger, precision_digits=4) < 0
                for younger, older in pairwise(rates)
            ):
                raise ValidationError(
                    self.env._(
                        "The provision rates are out of order: what is overdue for longer must not"
                        " have a lower rate."
                    )
                )

    def action_own_provision_rates(self):
        """Take the provision rates from what became of the company's own invoices."""
        self.ensure_one()
        self.check_access("write")
        start, end = self._get_history_period()
        history = self._get_provision_history(start, end)
        rates = self._get_rates_of_history(history)
        if not rates:
            raise UserError(
                self.env._(
                    "There are no provision rates to take from history: nothing was invoiced from"
                    " %(start)s to %(end)s.",
                    start=format_date(self.env, start),
                    end=format_date(self.env, end),
                )
            )
        self.write(rates)
        self.message_post(body=self._get_history_text(start, end, history))
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _get_history_period(self) -> tuple[date, date]:
        """Hook: invoices of this period (first and last day) make the own provision rates.

        The twelve months that ended a year ago: late payers have paid since, or were written off.
        """
        end = self.company_id._get_today() - relativedelta(years=1)
        return end - relativedelta(years=1) + relativedelta(days=1), end

    def _get_provision_history(self, start: date, end: date) -> dict[str, float]:
        """What became of the invoices and receipts of a period, in company currency, with taxes.

        Credit notes reduce what was sold. What was written off was never paid: it stays in every
        age that it could have reached. Instalments that could not be 90 days late yet are left out.

        :return: ``sold``; by field of the provision matrix what was not paid when the age began;
            ``lost``, what was written off.
        """
        self.ensure_one()
        health = self.env["crm.customer.health"]
        health._flush_sources()
        receivable = self.env["account.receivable"]
        settlements = self.env["account.receivable.settlement"]
        ages = {name: days for name, days in PROVISION_RATES.items() if days is not None}
        [row] = self.env.execute_query_dict(
            SQL(
                """
                WITH instalment AS (
                    SELECT line.id, line.balance,
                           %(due_date)s AS due_date
                      FROM account_move_line line
                     WHERE line.company_id = %(company_id)s
                       AND line.parent_state = 'posted'
                       AND line.display_type = 'payment_term'
                       AND line.balance > 0
                       AND line.partner_id IS NOT NULL
                       AND line.account_id IN (%(trade)s)
                       AND line.move_id IN (SELECT id FROM account_move
                                             WHERE move_type IN ('out_invoice', 'out_receipt'))
                       AND line.invoice_date BETWEEN %(start)s AND %(end)s
                ), part AS (
                    SELECT id, due_date, kind, amount, settlement_date
                      FROM (SELECT line_id AS id, settled_as AS kind, amount,
                                   settlement_date
                              FROM (%(settlements)s) settlement
                             WHERE NOT is_mirror) settled
                      JOIN instalment USING (id)
                     WHERE due_date + %(oldest_age)s < %(today)s
                     UNION ALL
                    SELECT id, due_date, 'sold', balance, NULL
                      FROM instalment
                     WHERE due_date + %(oldest_age)s < %(today)s
                )
                SELECT COALESCE(SUM(CASE kind WHEN 'sold' THEN amount
                                              WHEN 'credit_note' THEN -amount END), 0) AS sold,
                       COALESCE(SUM(amount) FILTER (WHERE kind = 'write_off'), 0) AS lost,
                       %(ages)s
                  FROM part
                """,
                company_id=self.company_id.id,
                start=start,
                end=end,
                today=self.company_id._get_today(),
                oldest_age=OLDEST_AGE,
                due_date=receivable._get_due_date_sql("line"),
                trade=receivable._get_trade_account_sql(),
                settlements=settlements._get_settlement_sql(
                    Scope(since=start - relativedelta(days=1))
                ),
                ages=SQL(", ").join(
                    SQL(
                        """
                        COALESCE(SUM(
                            CASE WHEN kind = 'sold' THEN amount
                                 WHEN kind = 'credit_note'
                                   OR kind != 'write_off' AND settlement_date <= due_date + %s
                                 THEN -amount END), 0) AS %s
                        """,
                        days,
                        SQL.identifier(name),
                    )
                    for name, days in ages.items()
                ),
            )
        )
        return {name: float(amount) for name, amount in row.items()}

    @api.model
    def _get_rates_of_history(self, history: dict[str, float]) -> dict[str, float]:
        """Roll-forward: of what came into an age, the percentage that was never paid.

        :return: rates by field; none if nothing was sold.
        """
        if history["sold"] <= 0:
            return {}
        lost = max(history["lost"], 0)
        rates, rate = {}, 0
        for name in PROVISION_RATES:
            reached = history.get(name, history["sold"])
            if lost and reached > 0:
                rate = max(rate, min(100, round(100 * lost / reached, 4)))
            rates[name] = rate
        return rates

    def _get_history_text(self, start: date, end: date, history: dict[str, float]) -> str:
        def amount(name):
            return formatLang(self.env, history[name], currency_obj=self.currency_id)

        return self.env._(
            "Provision rates from history: of %(sold)s invoiced from %(start)s to %(end)s,"
            " %(late)s was unpaid when due, %(late_30)s after 30 days, %(late_60)s after 60 days,"
            " %(late_90)s after 90 days, and %(lost)s was written off.",
            sold=amount("sold"),
            start=format_date(self.env, start),
            end=format_date(self.env, end),
            late=amount("provision_1_30_rate"),
            late_30=amount("provision_31_60_rate"),
            late_60=amount("provision_61_90_rate"),
            late_90=amount("provision_over_90_rate"),
            lost=amount("lost"),
        )
