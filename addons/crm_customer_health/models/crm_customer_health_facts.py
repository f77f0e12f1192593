from datetime import date

from odoo import models
from odoo.tools import SQL


class CrmCustomerHealth(models.Model):
    """What the journals say of customers: what is open, how they paid, what they bought.

    Every fact is a relation, one SQL ``SELECT`` with a row per company and customer. It reads the
    relations before it by their names, and ``health_basis``, which names the companies and the day.
    The same text serves one customer (all relations in one statement) and all customers (the large
    ones in temporary tables, filled by parallel scans): see ``crm_customer_health_refresh.py``.

    A customer is the commercial partner, as of now, of the partner on the journal item.
    """

    _inherit = "crm.customer.health"

    def _get_fact_relations(self, partners, is_past: bool, since: date) -> dict[str, SQL]:
        """Facts by relation name, in the order in which they read each other.

        :param partners: the customers (commercial partners), or ``None`` for all.
        :param is_past: replay what was booked up to the day of ``health_basis``.
        :param since: a day not after the begin of any company's window.
        """
        return {
            "health_item": self._get_item_sql(partners, is_past),
            "health_open": self._get_open_sql(),
            "health_alarm": self._get_alarm_sql(),
            "health_settlement": self._get_window_settlement_sql(partners, since),
            "health_behaviour": self._get_behaviour_sql(),
            "health_document": self._get_document_sql(partners, is_past),
            "health_business": self._get_business_sql(),
            "health_month": self._get_month_sql(),
            "health_countback": self._get_countback_sql(),
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

    def _get_partner_scope_sql(self, column: SQL, partners) -> SQL:
        """Restrict ``column``, a partner of a journal item, to these customers and their contacts.

        Contacts are among them for entries of a time when they were no contacts of the customer.
        """
        if partners is None:
            return SQL("TRUE")
        return SQL(
            "%s IN (SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s))",
            column,
            list(partners.ids),
        )

    def _get_item_sql(self, partners, is_past: bool) -> SQL:
        """Open items: receivable journal items with what is open on them, in company currency.

        Today it is the ledger's residual, also of entries dated ahead. For a past day it is the
        residual and what was settled later. What a payment without journal entry settles is not
        open any more.
        """
        return SQL(
            """
            SELECT line.company_id,
                   partner.commercial_partner_id AS partner_id,
                   line.id AS line_id,
                   line.display_type = 'payment_term' AS is_document,
                   COALESCE(move.payment_state = 'blocked', FALSE) AS is_disputed,
                   basis.as_of - %(due_date)s AS days,
                   residual.amount - COALESCE(unposted.amount, 0) AS amount
              FROM (%(residual)s) residual
              JOIN account_move_line line ON line.id = residual.line_id
              JOIN health_basis basis ON basis.company_id = line.company_id
              JOIN res_partner partner ON partner.id = line.partner_id
              LEFT JOIN account_move move
                ON move.id = line.move_id AND line.display_type = 'payment_term'
              LEFT JOIN (%(unposted)s) unposted ON unposted.line_id = line.id
             WHERE residual.amount != COALESCE(unposted.amount, 0)
            """,
            due_date=self.env["account.receivable.settlement"]._get_due_date_sql("line"),
            residual=self._get_residual_sql(partners, is_past),
            unposted=self._get_unposted_sql(partners, is_past),
        )

    def _get_residual_sql(self, partners, is_past: bool) -> SQL:
        scope = SQL(
            """
            line.parent_state = 'posted'
            AND line.account_id IN (%s)
            AND line.partner_id IS NOT NULL
            AND %s
            """,
            self.env["account.receivable.settlement"]._get_trade_account_sql(),
            self._get_partner_scope_sql(SQL("line.partner_id"), partners),
        )
        open_now = SQL(
            """
            SELECT line.id AS line_id, line.amount_residual AS amount
              FROM account_move_line line
             WHERE line.reconciled IS NOT TRUE AND line.amount_residual != 0 AND %s
            """,
            scope,
        )
        if not is_past:
            return open_now
        return SQL(
            """
            SELECT line_id, SUM(amount) AS amount
              FROM (%(open_now)s UNION ALL %(debits)s UNION ALL %(credits)s) part
             WHERE EXISTS (SELECT FROM account_move_line item
                             JOIN health_basis basis ON basis.company_id = item.company_id
                            WHERE item.id = part.line_id AND item.date <= basis.as_of)
             GROUP BY line_id
            HAVING SUM(amount) != 0
            """,
            open_now=open_now,
            debits=self._get_settled_later_sql(SQL("debit_move_id"), 1, scope),
            credits=self._get_settled_later_sql(SQL("credit_move_id"), -1, scope),
        )

    def _get_settled_later_sql(self, side: SQL, sign: int, scope: SQL) -> SQL:
        """What was taken off journal items after the day of ``health_basis``.

        An exchange difference is dated to the end of its month, but known with its payment.
        """
        return SQL(
            """
            SELECT line.id AS line_id, %(sign)s * partial.amount AS amount
              FROM account_partial_reconcile partial
              JOIN account_move_line line ON line.id = partial.%(side)s
              JOIN health_basis basis ON basis.company_id = line.company_id
              JOIN account_move_line counterpart
                ON counterpart.id = partial.debit_move_id + partial.credit_move_id - line.id
              LEFT JOIN (
                SELECT exchange_move_id AS move_id, MIN(max_date) AS date
                  FROM account_partial_reconcile
                 WHERE exchange_move_id IS NOT NULL
                 GROUP BY exchange_move_id
                   ) cause ON cause.move_id = counterpart.move_id
             WHERE partial.max_date > basis.as_of
               AND COALESCE(cause.date, partial.max_date) > basis.as_of
               AND %(scope)s
            """,
            sign=sign,
            side=side,
            scope=scope,
        )

    def _get_instalment_ids_sql(self, partners) -> SQL | None:
        """The instalments of these customers as an SQL array, or ``None`` for all."""
        if partners is None:
            return None
        return SQL(
            """
            ARRAY(SELECT line.id
                    FROM account_move_line line
                   WHERE line.display_type = 'payment_term' AND %s)
            """,
            self._get_partner_scope_sql(SQL("line.partner_id"), partners),
        )

    def _get_unposted_sql(self, partners, is_past: bool) -> SQL:
        """What payments without journal entry settle of instalments."""
        settlements = self.env["account.receivable.settlement"]
        return SQL(
            """
            SELECT line_id, SUM(amount) AS amount
              FROM (%(unposted)s) unposted
             WHERE %(known)s
             GROUP BY line_id
            """,
            unposted=settlements._get_unposted_payment_sql(self._get_instalment_ids_sql(partners)),
            known=SQL(
                """
                EXISTS (SELECT FROM health_basis basis
                         WHERE basis.company_id = unposted.company_id
                           AND unposted.settlement_date <= basis.as_of)
                """
            )
            if is_past
            else SQL("TRUE"),
        )

    def _get_open_sql(self) -> SQL:
        """Exposure: what is open, by age; an instalment's age is the days past its due date."""
        return SQL(
            """
            SELECT item.company_id, item.partner_id,
                   COALESCE(SUM(amount) FILTER (WHERE amount > 0), 0) AS open_amount,
                   COALESCE(SUM(amount) FILTER (
                       WHERE amount > 0 AND NOT is_disputed AND days <= 0), 0) AS not_due_amount,
                   COALESCE(SUM(amount) FILTER (
                       WHERE amount > 0 AND NOT is_disputed AND days > 0), 0) AS overdue_amount,
                   COALESCE(SUM(amount) FILTER (
                       WHERE amount > 0 AND NOT is_disputed AND days BETWEEN 1 AND 30), 0)
                       AS overdue_1_30,
                   COALESCE(SUM(amount) FILTER (
                       WHERE amount > 0 AND NOT is_disputed AND days BETWEEN 31 AND 60), 0)
                       AS overdue_31_60,
                   COALESCE(SUM(amount) FILTER (
                       WHERE amount > 0 AND NOT is_disputed AND days BETWEEN 61 AND 90), 0)
                       AS overdue_61_90,
                   COALESCE(SUM(amount) FILTER (
                       WHERE amount > 0 AND NOT is_disputed AND days > 90), 0) AS overdue_over_90,
                   COALESCE(SUM(amount) FILTER (WHERE amount > 0 AND is_disputed), 0)
                       AS disputed_amount,
                   COALESCE(-SUM(amount) FILTER (WHERE amount < 0), 0) AS unapplied_credit_amount,
                   COUNT(*) FILTER (WHERE amount > 0 AND NOT is_disputed AND days > 0)
                       AS overdue_count,
                   MAX(days) FILTER (WHERE amount > 0 AND NOT is_disputed AND days > 0)
                       AS days_overdue,
                   COUNT(*) FILTER (WHERE %(is_scored)s) AS item_count,
                   SUM(amount) FILTER (WHERE %(is_scored)s) AS item_amount,
                   SUM(amount * %(points)s) FILTER (WHERE %(is_scored)s) AS item_points
              FROM health_item item
             GROUP BY item.company_id, item.partner_id
            """,
            # Opening balances and miscellaneous entries age, but say nothing of a behaviour.
            is_scored=SQL("amount > 0 AND is_document AND NOT is_disputed AND days > 0"),
            points=self._get_curve_sql(SQL("days")),
        )

    def _get_alarm_sql(self) -> SQL:
        """Customers whose overdue amount exceeds one of the policy's thresholds.

        What is overdue for at least the threshold's days is held against its amount, less what the
        customer has paid or was credited and is not matched yet: it would settle the oldest first.
        """
        return SQL(
            """
            SELECT DISTINCT company_id, partner_id
              FROM (
                SELECT item.company_id, item.partner_id
                  FROM health_item item
                  JOIN health_basis basis ON basis.company_id = item.company_id
                  JOIN crm_customer_health_threshold threshold
                    ON threshold.policy_id = basis.id
                   AND (item.amount < 0
                        OR NOT item.is_disputed AND item.days >= threshold.days)
                 GROUP BY item.company_id, item.partner_id, threshold.id
                HAVING SUM(item.amount) >= threshold.amount
              ) alarm
            """
        )

    def _get_window_settlement_sql(self, partners, since: date) -> SQL:
        """Settlements of the window: one row per part, with its days and whether it is recent."""
        settlements = self.env["account.receivable.settlement"]
        return SQL(
            """
            SELECT settlement.company_id,
                   partner.commercial_partner_id AS partner_id,
                   settlement.kind,
                   settlement.amount,
                   settlement.settlement_date - settlement.invoice_date AS days_to_pay,
                   settlement.settlement_date - settlement.due_date AS days_beyond_terms,
                   settlement.settlement_date > basis.recent_start AS is_recent
              FROM (%s) settlement
              JOIN res_partner partner ON partner.id = settlement.partner_id
              JOIN health_basis basis ON basis.company_id = settlement.company_id
             WHERE NOT settlement.is_mirror
               AND settlement.parent_state = 'posted'
               AND settlement.kind IN ('payment', 'discount', 'write_off')
               AND settlement.settlement_date > basis.window_start
               AND settlement.settlement_date <= basis.as_of
            """,
            settlements._get_settlement_sql(
                line_ids=self._get_instalment_ids_sql(partners),
                # A constant tells the planner how much is left. All settlements of a few customers
                # are quicker read than sifted.
                since=SQL("%s::date", since) if partners is None else None,
            ),
        )

    def _get_behaviour_sql(self) -> SQL:
        """How the customers paid in the window, weighted by the settled amounts.

        Money paid back (negative) reduces what was paid and says nothing of days.
        """
        return SQL(
            """
            SELECT company_id, partner_id,
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'payment'), 0) AS paid_amount,
                   COUNT(*) FILTER (WHERE kind = 'payment' AND amount > 0) AS payment_count,
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
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'write_off'), 0)
                       AS written_off_amount,
                   COUNT(*) FILTER (WHERE amount > 0) AS settled_count,
                   SUM(amount) FILTER (WHERE amount > 0) AS settled_amount,
                   SUM(amount * points) FILTER (WHERE amount > 0) AS settled_points,
                   SUM(amount) FILTER (WHERE amount > 0 AND is_recent) AS recent_amount,
                   SUM(amount * points) FILTER (WHERE amount > 0 AND is_recent) AS recent_points
              FROM (
                SELECT *, CASE WHEN kind = 'write_off' THEN 1 ELSE %(points)s END AS points
                  FROM health_settlement
              ) settlement
             GROUP BY company_id, partner_id
            """,
            is_paid=SQL("kind != 'write_off' AND amount > 0"),
            points=self._get_curve_sql(SQL("days_beyond_terms")),
        )

    def _get_document_sql(self, partners, is_past: bool) -> SQL:
        """Posted invoices, receipts and credit notes of the customers, in company currency.

        They belong to the customer of their instalments. The invoice's own commercial partner may
        be another one when contacts moved between companies.
        """
        return SQL(
            """
            SELECT move.company_id,
                   partner.commercial_partner_id AS partner_id,
                   move.invoice_date,
                   move.move_type != 'out_refund' AS is_invoice,
                   move.amount_untaxed_signed AS untaxed,
                   move.amount_total_signed AS total
              FROM account_move move
              JOIN (
                SELECT line.move_id, MIN(line.partner_id) AS partner_id
                  FROM account_move_line line
                 WHERE line.display_type = 'payment_term' AND %(scope)s
                 GROUP BY line.move_id
                   ) instalment ON instalment.move_id = move.id
              JOIN res_partner partner ON partner.id = instalment.partner_id
              JOIN health_basis basis ON basis.company_id = move.company_id
             WHERE move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND move.state = 'posted'
               AND %(known)s
            """,
            known=SQL("move.date <= basis.as_of") if is_past else SQL("TRUE"),
            scope=self._get_partner_scope_sql(SQL("line.partner_id"), partners),
        )

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
        """Count-back days sales outstanding: the newest sales are taken off what is open.

        The month in which nothing is left counts by the part that it takes. Where all sales do
        not explain what is open, it is as old as the first month with an invoice.
        """
        return SQL(
            """
            SELECT company_id, partner_id,
                   COALESCE(
                       MIN(as_of - LEAST(as_of, (start + interval '1 month')::date - 1)
                           + (LEAST(as_of, (start + interval '1 month')::date - 1) - start + 1)
                           * (open_amount - upto + sales) / sales)
                           FILTER (WHERE sales > 0
                                     AND open_amount > upto - sales AND open_amount <= upto),
                       MAX(as_of - start + 1) FILTER (WHERE has_invoice)
                   ) AS dso_countback
              FROM health_month
             GROUP BY company_id, partner_id
            """
        )
