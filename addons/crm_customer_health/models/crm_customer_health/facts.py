from odoo import api
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.bands import BANDS


class Facts:
    """What the journals say of customers: what is open, how they paid, what they bought.

    Every fact is a relation, one SQL ``SELECT`` with a row per company and customer. It reads the
    relations before it by their names, and ``health_basis``, which names the companies and the day.
    The same text serves one customer (all relations in one statement) and all customers (the large
    ones in temporary tables, filled by parallel scans): see ``refresh.py``.

    A customer is the commercial partner, as of now, of the partner on the journal item.
    """

    __slots__ = ()

    def _get_fact_relations(self, scope) -> dict[str, SQL]:
        """Hook: facts by relation name, in the order in which they read each other.

        :param scope: whose; its ``since`` is a day not after the begin of any company's window.
        """
        return {
            "health_item": self._get_item_sql(scope),
            "health_open": self._get_open_sql(),
            "health_unsent": self._get_unsent_sql(),
            "health_house": self._get_house_sql(),
            "health_alarm": self._get_alarm_sql(),
            "health_settlement": self._get_window_settlement_sql(scope),
            "health_behaviour": self._get_behaviour_sql(),
            "health_document": self._get_document_sql(scope),
            "health_business": self._get_business_sql(),
            "health_month": self._get_month_sql(),
            "health_countback": self._get_countback_sql(),
            "health_unscored": self._get_unscored_sql(),
        }

    def _get_basis_sql(self, policies, as_of=None) -> SQL:
        """The companies, their settings, and the day on which each is judged."""
        days = SQL(", ").join(
            SQL(
                "(%s, %s::date)",
                policy.company_id.id,
                as_of or policy.company_id._get_today(),
            )
            for policy in policies
        )
        return SQL(
            """
            SELECT policy.*, day.as_of, currency.decimal_places,
                   (day.as_of - make_interval(months => policy.window_months))::date
                       AS window_start,
                   (day.as_of - interval '3 months')::date AS recent_start,
                   (day.as_of - interval '12 months')::date AS year_start,
                   (day.as_of - interval '24 months')::date AS prev_year_start
              FROM (VALUES %s) day (company_id, as_of)
              JOIN crm_customer_health_policy policy USING (company_id)
              JOIN res_company company ON company.id = company_id
              JOIN res_currency currency ON currency.id = company.currency_id
            """,
            days,
        )

    def _get_item_sql(self, scope) -> SQL:
        """Open items, with their days past the due date (``days``) instead of the date.

        ``line_id`` is the instalment, with all that is open of it, also where a part was moved to
        another account. ``is_overdue`` is the one definition of that word.
        """
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT item.*, %(is_overdue)s AS is_overdue
              FROM (
                SELECT item.company_id, item.partner_id, item.root_line_id AS line_id,
                       item.is_document, item.is_disputed, item.due_date,
                       basis.as_of - item.due_date AS days,
                       basis.as_of, SUM(item.amount) AS amount
                  FROM (%(items)s) item
                  JOIN health_basis basis ON basis.company_id = item.company_id
                 GROUP BY item.company_id, item.partner_id, item.root_line_id, item.is_document,
                          item.is_disputed, item.due_date, basis.as_of
                   ) item
            """,
            is_overdue=receivable._get_is_overdue_sql("item", SQL("item.as_of")),
            items=self.env["account.receivable.item"]._get_item_sql(scope),
        )

    def _get_open_sql(self) -> SQL:
        """Exposure: what is open, by age; an instalment's age is the days past its due date."""
        starts = [*BANDS.values()]
        bands = {
            name: SQL(
                "%s AND %s",
                SQL("days > %s", start) if start is not None else SQL("TRUE"),
                SQL("days <= %s", end) if end is not None else SQL("TRUE"),
            )
            for (name, start), end in zip(BANDS.items(), [*starts[1:], None], strict=True)
        }
        return SQL(
            """
            SELECT item.company_id, item.partner_id,
                   COALESCE(SUM(amount) FILTER (WHERE amount > 0), 0) AS open_amount,
                   %(bands)s,
                   COALESCE(SUM(amount) FILTER (WHERE is_overdue), 0) AS overdue_amount,
                   COALESCE(SUM(amount) FILTER (WHERE amount > 0 AND is_disputed), 0)
                       AS disputed_amount,
                   COALESCE(-SUM(amount) FILTER (WHERE amount < 0), 0) AS unapplied_credit_amount,
                   COUNT(*) FILTER (WHERE is_overdue) AS overdue_count,
                   MAX(days) FILTER (WHERE is_overdue) AS days_overdue
              FROM health_item item
             GROUP BY item.company_id, item.partner_id
            """,
            bands=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(amount) FILTER ("
                    " WHERE amount > 0 AND NOT is_disputed AND %s), 0) AS %s",
                    is_in_band,
                    SQL.identifier(name),
                )
                for name, is_in_band in bands.items()
            ),
        )

    def _get_unsent_sql(self) -> SQL:
        """What is overdue on invoices that were never sent, where a company sends from Odoo, or
        that did not arrive.
        """
        return SQL(
            """
            SELECT company_id, partner_id,
                   COALESCE(SUM(amount) FILTER (WHERE is_unsent), 0) AS unsent_amount,
                   COALESCE(SUM(amount) FILTER (WHERE is_rejected), 0) AS rejected_amount
              FROM (
                SELECT item.company_id, item.partner_id, item.amount,
                       move.is_move_sent IS NOT TRUE AND company.company_id IS NOT NULL
                           AS is_unsent,
                       %s AS is_rejected
                  FROM health_item item
                  JOIN account_move_line line ON line.id = item.line_id
                  JOIN account_move move ON move.id = line.move_id
                  LEFT JOIN (
                    SELECT company_id FROM health_basis company
                     WHERE EXISTS (SELECT FROM account_move sent
                                    WHERE sent.company_id = company.company_id
                                      AND sent.is_move_sent)
                       ) company ON company.company_id = item.company_id
                 WHERE item.is_overdue AND item.is_document
                   ) item
             WHERE is_unsent OR is_rejected
             GROUP BY company_id, partner_id
            """,
            self.env["account.move"]._get_is_rejected_sql("move"),
        )

    def _get_house_sql(self) -> SQL:
        """What is in the house and nobody matched yet, held against what is overdue: the oldest
        first, money before credit notes; a row for each part of an instalment.

        Money is what came with a payment or a bank statement. Disputed debts are left alone, and
        so is what is not due yet.
        """
        return SQL(
            """
            WITH credit AS (
                SELECT item.company_id, item.partner_id, line.date, kind.is_money,
                       SUM(-item.amount) OVER running AS upto,
                       SUM(-item.amount) OVER running + item.amount AS start
                  FROM health_item item
                  JOIN account_move_line line ON line.id = item.line_id
                 CROSS JOIN LATERAL (
                    SELECT line.payment_id IS NOT NULL OR line.statement_line_id IS NOT NULL
                           AS is_money) kind
                 WHERE item.amount < 0
                WINDOW running AS (PARTITION BY item.company_id, item.partner_id
                                   ORDER BY NOT kind.is_money, line.date, line.id)
            ), debt AS (
                SELECT item.company_id, item.partner_id, item.line_id, item.is_document, item.days,
                       SUM(item.amount) OVER running AS upto,
                       SUM(item.amount) OVER running - item.amount AS start
                  FROM health_item item
                 WHERE item.is_overdue
                   AND (item.company_id, item.partner_id)
                       IN (SELECT company_id, partner_id FROM credit)
                WINDOW running AS (PARTITION BY item.company_id, item.partner_id
                                   ORDER BY item.days DESC, item.line_id)
            )
            SELECT debt.company_id, debt.partner_id, debt.line_id, debt.is_document, debt.days,
                   credit.is_money, credit.date,
                   LEAST(debt.upto, credit.upto) - GREATEST(debt.start, credit.start) AS amount
              FROM debt
              JOIN credit ON credit.company_id = debt.company_id
                         AND credit.partner_id = debt.partner_id
                         AND credit.start < debt.upto AND credit.upto > debt.start
            """
        )

    def _get_alarm_sql(self, thresholds: SQL | None = None) -> SQL:
        """Customers whose overdue amount exceeds one of the policy's thresholds.

        What is overdue for at least the threshold's days is held against its amount, less what the
        customer has paid or was credited and is not matched yet: it would settle the oldest first.

        :param thresholds: SQL of others in place of the policy's: ``policy_id``, ``id``,
            ``amount``, ``days``.
        """
        return SQL(
            """
            SELECT DISTINCT company_id, partner_id
              FROM (
                SELECT item.company_id, item.partner_id
                  FROM health_item item
                  JOIN health_basis basis ON basis.company_id = item.company_id
                  JOIN %s threshold
                    ON threshold.policy_id = basis.id
                   AND (item.amount < 0
                        OR NOT item.is_disputed AND item.days >= threshold.days)
                 GROUP BY item.company_id, item.partner_id, threshold.id, threshold.amount
                HAVING SUM(item.amount) >= threshold.amount
              ) alarm
            """,
            SQL("(%s)", thresholds) if thresholds else SQL("crm_customer_health_threshold"),
        )

    def _get_window_settlement_sql(self, scope) -> SQL:
        """Settlements of the window: one row per part, with its days and whether it is recent."""
        return SQL(
            """
            SELECT settlement.company_id,
                   partner.commercial_partner_id AS partner_id,
                   settlement.line_id,
                   settlement.kind,
                   settlement.settled_as,
                   settlement.amount,
                   settlement.settlement_date,
                   settlement.settlement_date - settlement.invoice_date AS days_to_pay,
                   settlement.settlement_date - settlement.due_date AS days_beyond_terms,
                   settlement.settlement_date > basis.recent_start AS is_recent
              FROM (%s) settlement
              JOIN res_partner partner ON partner.id = settlement.partner_id
              JOIN health_basis basis ON basis.company_id = settlement.company_id
             WHERE NOT settlement.is_mirror
               AND settlement.parent_state = 'posted'
               AND settlement.settled_as IN ('payment', 'discount', 'write_off')
               AND settlement.settlement_date > basis.window_start
               AND settlement.settlement_date <= basis.as_of
            """,
            # All settlements of a few customers are quicker read than sifted.
            self.env["account.receivable.settlement"]._get_settlement_sql(
                scope if scope.partners is None else scope.but(since=None)
            ),
        )

    def _get_behaviour_sql(self) -> SQL:
        """How the customers paid in the window, weighted by the settled amounts.

        Money paid back (negative) reduces what was paid and says nothing of days. An exchange
        difference belongs to the settlement that caused it: amounts are at the invoice's own rate,
        whatever the rate did, and it is no settlement by itself.
        """
        return SQL(
            """
            SELECT company_id, partner_id,
                   COALESCE(SUM(amount) FILTER (WHERE settled_as = 'payment'), 0) AS paid_amount,
                   COUNT(*) FILTER (WHERE kind = 'payment' AND amount > 0) AS payment_count,
                   MAX(settlement_date) FILTER (WHERE kind = 'payment' AND amount > 0)
                       AS last_payment_date,
                   SUM(amount * days_to_pay) FILTER (WHERE %(is_paid)s)
                       / SUM(amount) FILTER (WHERE %(is_paid)s) AS days_to_pay,
                   PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY days_to_pay)
                       FILTER (WHERE kind = 'payment' AND amount > 0) AS median_days_to_pay,
                   SUM(amount * days_beyond_terms) FILTER (WHERE %(is_paid)s)
                       / SUM(amount) FILTER (WHERE %(is_paid)s) AS days_beyond_terms,
                   SUM(amount * GREATEST(days_beyond_terms, 0)) FILTER (WHERE %(is_paid)s)
                       / SUM(amount) FILTER (WHERE %(is_paid)s) AS days_beyond_terms_late,
                   PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY days_beyond_terms)
                       FILTER (WHERE kind = 'payment' AND amount > 0) AS median_days_beyond_terms,
                   COALESCE(SUM(amount) FILTER (WHERE %(is_paid)s AND days_beyond_terms <= 0), 0)
                       / SUM(amount) FILTER (WHERE %(is_paid)s) AS on_time_rate,
                   COALESCE(SUM(amount) FILTER (WHERE settled_as = 'write_off'), 0)
                       AS written_off_amount,
                   COUNT(DISTINCT line_id) FILTER (WHERE amount > 0 AND kind != 'exchange')
                       AS settled_count,
                   SUM(amount) FILTER (WHERE amount > 0) AS settled_amount,
                   SUM(amount * points) FILTER (WHERE amount > 0) AS settled_points,
                   SUM(amount) FILTER (WHERE amount > 0 AND is_recent) AS recent_amount,
                   SUM(amount * points) FILTER (WHERE amount > 0 AND is_recent) AS recent_points
              FROM (
                SELECT *, CASE WHEN settled_as = 'write_off' THEN 1 ELSE %(points)s END AS points
                  FROM health_settlement
              ) settlement
             GROUP BY company_id, partner_id
            """,
            is_paid=SQL("settled_as != 'write_off' AND amount > 0"),
            points=self._get_curve_sql(SQL("days_beyond_terms")),
        )

    def _get_unscored_sql(self) -> SQL:
        """Who objected to being scored; the amounts of such a customer are the ledger's, too."""
        return SQL(
            """
            SELECT basis.company_id, partner.id AS partner_id, TRUE AS is_unscored
              FROM res_partner partner
             CROSS JOIN health_basis basis
             WHERE partner.is_unscored
            """
        )

    def _get_document_sql(self, scope) -> SQL:
        """The customers' invoices, receipts and credit notes."""
        return self.env["account.receivable.document"]._get_document_sql(scope)

    def _get_business_sql(self) -> SQL:
        """What and how often the customers bought. Documents of one day are one purchase."""
        return SQL(
            """
            SELECT document.company_id, document.partner_id,
                   MIN(invoice_date) FILTER (WHERE is_invoice) AS first_invoice_date,
                   MAX(invoice_date) FILTER (WHERE is_invoice) AS last_invoice_date,
                   COUNT(*) FILTER (WHERE is_invoice) AS invoice_count,
                   COUNT(*) FILTER (WHERE is_invoice AND %(in_year)s) AS invoice_count_12m,
                   COALESCE(SUM(untaxed) FILTER (WHERE %(in_year)s), 0) AS revenue_12m,
                   COALESCE(SUM(untaxed) FILTER (
                       WHERE invoice_date > basis.prev_year_start
                         AND invoice_date <= basis.year_start), 0) AS revenue_prev_12m,
                   AVG(untaxed) FILTER (WHERE is_invoice) AS average_invoice_amount,
                   CASE WHEN COUNT(*) FILTER (WHERE is_invoice) >= 3
                        THEN PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap)
                             FILTER (WHERE is_invoice AND gap > 0)
                   END AS purchase_interval_days
              FROM (
                SELECT *, invoice_date - LAG(invoice_date) OVER (
                              PARTITION BY company_id, partner_id, is_invoice
                              ORDER BY invoice_date) AS gap
                  FROM health_document
              ) document
              JOIN health_basis basis ON basis.company_id = document.company_id
             GROUP BY document.company_id, document.partner_id
            """,
            in_year=SQL("invoice_date > basis.year_start AND invoice_date <= basis.as_of"),
        )

    def _get_month_sql(self) -> SQL:
        """Sales with taxes by month of the customers that owe something, newest month first."""
        return SQL(
            """
            SELECT month.*,
                   SUM(GREATEST(month.sales, 0)) OVER (
                       PARTITION BY month.company_id, month.partner_id
                       ORDER BY month.start DESC) AS upto
              FROM (
                SELECT company_id, partner_id, open_amount, as_of,
                       date_trunc('month', invoice_date)::date AS start,
                       SUM(total) AS sales,
                       BOOL_OR(is_invoice) AS has_invoice
                  FROM health_document
                  JOIN health_open USING (company_id, partner_id)
                  JOIN health_basis USING (company_id)
                 WHERE health_open.open_amount > 0 AND invoice_date <= as_of
                 GROUP BY company_id, partner_id, open_amount, as_of,
                          date_trunc('month', invoice_date)
              ) month
            """
        )

    def _get_countback_sql(self) -> SQL:
        """Count-back days sales outstanding of what is open now; sales since the first month with
        an invoice.
        """
        return SQL(
            """
            SELECT company_id, partner_id, %s AS dso_countback
              FROM (
                SELECT *, LEAST(as_of, (start + interval '1 month')::date - 1) AS last_day
                  FROM health_month
              ) health_month
             GROUP BY company_id, partner_id
            """,
            self._get_countback_days_sql(
                age=SQL("as_of - last_day"),
                days=SQL("last_day - start + 1"),
                sales=SQL("sales"),
                before=SQL("upto - GREATEST(sales, 0)"),
                open_amount=SQL("open_amount"),
                has_sales=SQL("has_invoice"),
            ),
        )

    @api.model
    def _get_countback_days_sql(
        self, age: SQL, days: SQL, sales: SQL, before: SQL, open_amount: SQL, has_sales: SQL
    ) -> SQL:
        """Count-back days sales outstanding, as an aggregate over months: the newest sales are
        taken off what is open.

        The month in which nothing is left counts by the part that it takes. Where all sales do
        not explain what is open, it is as old as the first month of sales.

        :param age: days from the month's end to the day of judgement
        :param days: days of the month
        :param before: sales of the months after it
        :param has_sales: whether the month can be the first one
        """
        return SQL(
            """
            COALESCE(
                MIN(%(age)s + (%(days)s) * (%(open)s - (%(before)s)) / NULLIF(%(sales)s, 0))
                    FILTER (WHERE %(sales)s > 0
                              AND %(open)s > %(before)s AND %(open)s <= %(before)s + %(sales)s),
                MAX(%(age)s + %(days)s) FILTER (WHERE %(has_sales)s))
            """,
            age=age,
            days=days,
            sales=sales,
            before=before,
            open=open_amount,
            has_sales=has_sales,
        )
