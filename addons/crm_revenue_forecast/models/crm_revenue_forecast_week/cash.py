from odoo import api
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

#: Weeks that are forecast; the last of them is number 13.
WEEKS = 13
#: Numbers of what is in no week. What is overdue has no week by its due date.
OVERDUE, LATER, UNPREDICTABLE, DISPUTED, UNMATCHED = 0, 14, 15, 16, 17


class Cash:
    """The cash of weeks, by statements that speak of all open items at once.

    Relations begin with ``week_``. A debt's distribution is spread over the weeks: the customer's
    own days are joined, the company's part is looked up at the weeks' ends.
    """

    __slots__ = ()

    @api.model
    def _get_relations(self, scope: Scope) -> dict[str, SQL]:
        """``week_cash`` has a row for each company, salesperson and number of a week: ``expected``
        and ``by_due`` (to the cent: what a company's or salesperson's rows sum up to is what the
        ledger says), ``variance``.
        """
        known = None
        if not scope.as_of:
            known = self.env["crm.payment.lateness"]._get_day_sql(scope.companies)
        return {
            **self.env["crm.payment.expectation"]._get_relations(scope, known),
            "week_debt": self._get_debt_sql(),
            "week_mass": self._get_mass_sql(),
            "week_part": self._get_part_sql(),
            "week_cash": self._get_rounded_sql(),
        }

    @api.model
    def _get_debt_sql(self) -> SQL:
        """Debts with ``offset``: the lateness of a payment on the first day of the first week."""
        return SQL(
            """
            SELECT debt.*, partner.user_id, currency.rounding,
                   date_trunc('week', debt.today)::date - debt.due_date AS "offset"
              FROM expect_debt debt
              JOIN res_partner partner ON partner.id = debt.partner_id
              JOIN res_company company ON company.id = debt.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
             WHERE debt.plan_id IS NULL
            """
        )

    @api.model
    def _get_mass_sql(self) -> SQL:
        """Which share of each undisputed debt comes in which week: ``number``, ``week``, ``mass``.

        What is still to come in the first week is paid from today on.
        """
        return SQL(
            """
            SELECT number, week, SUM(mass) AS mass
              FROM (
                SELECT number, LEAST((promise_date - due_date - "offset") / 7 + 1, %(later)s)
                           AS week,
                       1::float8 AS mass
                  FROM week_debt
                 WHERE promise_date IS NOT NULL
                 UNION ALL
                SELECT debt.number, LEAST((curve.days - debt."offset") / 7 + 1, %(later)s),
                       spot.own_rate * (curve.before - curve.survival)
                  FROM week_debt debt
                  JOIN expect_spot spot ON spot.number = debt.number
                  JOIN expect_curve curve
                    ON curve.company_id = debt.company_id
                   AND curve.partner_id = debt.partner_id
                   AND curve.is_disputed = debt.is_disputed
                   AND curve.days >= debt.age
                 WHERE curve.paid > 0 AND debt.promise_date IS NULL AND NOT debt.is_disputed
                 UNION ALL
                SELECT number, week,
                       rate * (LAG(unpaid, 1, start) OVER ends - unpaid)
                           + last_rate * (LAG(unpaid_last, 1, last_start) OVER ends - unpaid_last)
                  FROM (
                    SELECT debt.number, week.week, spot.rate, spot.start, spot.last_rate,
                           spot.last_start,
                           COALESCE(company.before[%(end)s], company.never) AS unpaid,
                           CASE WHEN spot.last_rate > 0
                                THEN LEAST(COALESCE(company.before[%(end)s], company.never),
                                           spot.last_start)
                                ELSE 0 END AS unpaid_last
                      FROM week_debt debt
                      JOIN expect_spot spot ON spot.number = debt.number
                      JOIN (
                        SELECT *, 1 - share[ARRAY_LENGTH(share, 1)] AS never FROM expect_company
                           ) company
                        ON company.company_id = debt.company_id
                       AND company.is_disputed = debt.is_disputed
                     CROSS JOIN GENERATE_SERIES(1, %(later)s) week (week)
                     WHERE debt.promise_date IS NULL AND NOT debt.is_disputed
                       AND spot.rate + spot.last_rate > 0
                       ) piece
                WINDOW ends AS (PARTITION BY number ORDER BY week)
                   ) piece
             WHERE mass > 0
             GROUP BY number, week
            """,
            later=LATER,
            end=self.env["crm.payment.expectation"]._get_index_sql(
                SQL(
                    """
                    CASE WHEN week.week = %s THEN 100000 ELSE debt."offset" + 7 * week.week END
                    """,
                    LATER,
                )
            ),
        )

    @api.model
    def _get_part_sql(self) -> SQL:
        """Sums by company, salesperson and week, not rounded."""
        return SQL(
            """
            SELECT company_id, user_id, week, MAX(rounding) AS rounding,
                   SUM(expected) AS expected, SUM(variance) AS variance, SUM(by_due) AS by_due
              FROM (
                SELECT debt.company_id, debt.user_id, mass.week, debt.rounding,
                       debt.amount * mass.mass AS expected,
                       debt.amount * debt.amount * mass.mass * GREATEST(1 - mass.mass, 0)
                           AS variance,
                       0 AS by_due
                  FROM week_mass mass
                  JOIN week_debt debt ON debt.number = mass.number
                 UNION ALL
                SELECT debt.company_id, debt.user_id, %(unpredictable)s, debt.rounding,
                       debt.amount * GREATEST(1 - COALESCE(mass.mass, 0), 0), 0, 0
                  FROM week_debt debt
                  LEFT JOIN (
                    SELECT number, SUM(mass) AS mass FROM week_mass GROUP BY number
                       ) mass ON mass.number = debt.number
                 WHERE NOT debt.is_disputed
                 UNION ALL
                SELECT company_id, user_id,
                       CASE WHEN is_disputed THEN %(disputed)s
                            WHEN due_date < today THEN %(overdue)s
                            ELSE LEAST(-"offset" / 7 + 1, %(later)s) END,
                       rounding, CASE WHEN is_disputed THEN amount ELSE 0 END, 0, amount
                  FROM week_debt
                 UNION ALL
                SELECT item.company_id, partner.user_id, %(unmatched)s, currency.rounding,
                       item.amount, 0, item.amount
                  FROM expect_item item
                  JOIN res_partner partner ON partner.id = item.partner_id
                  JOIN res_company company ON company.id = item.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                 WHERE item.amount < 0
                   ) part
             GROUP BY company_id, user_id, week
            """,
            unpredictable=UNPREDICTABLE,
            disputed=DISPUTED,
            overdue=OVERDUE,
            later=LATER,
            unmatched=UNMATCHED,
        )

    @api.model
    def _get_rounded_sql(self) -> SQL:
        """Amounts to the cent. What rounding down leaves of a salesperson's debts goes to the weeks
        with the largest remainders.
        """
        return SQL(
            """
            SELECT company_id, user_id, week, variance, by_due,
                   CASE WHEN is_spread
                        THEN whole + CASE WHEN rank <= ROUND((total - SUM(whole) FILTER (
                                 WHERE is_spread) OVER slice) / rounding) THEN rounding ELSE 0 END
                        ELSE expected::numeric END AS expected
              FROM (
                SELECT part.*,
                       ROW_NUMBER() OVER (PARTITION BY company_id, user_id, is_spread
                                          ORDER BY expected::numeric - whole DESC, week) AS rank
                  FROM (
                    SELECT part.*, debt.total, week BETWEEN 1 AND %(last)s AS is_spread,
                           FLOOR(ROUND(expected::numeric / rounding, 6)) * rounding AS whole
                      FROM (
                        SELECT company_id, user_id, week, rounding::numeric AS rounding, expected,
                               variance, by_due
                          FROM week_part
                           ) part
                      LEFT JOIN (
                        SELECT company_id, user_id, SUM(amount) AS total
                          FROM week_debt
                         WHERE NOT is_disputed
                         GROUP BY company_id, user_id
                           ) debt ON debt.company_id = part.company_id
                                 AND debt.user_id IS NOT DISTINCT FROM part.user_id
                       ) part
                   ) part
            WINDOW slice AS (PARTITION BY company_id, user_id)
            """,
            last=UNPREDICTABLE,
        )
