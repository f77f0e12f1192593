from odoo import api
from odoo.tools import SQL

#: Deals of so many months say how long it takes from won to invoiced.
LAG_MONTHS = 24
#: A won deal that was never invoiced is expected to be for so many months.
WON_MONTHS = 12


class Layers:
    """What will be invoiced and is not yet, each amount in one layer.

    ``forecast_source`` has a row for each deal, draft and whatever other addons add, with the
    columns of :meth:`_get_source_columns`, in company currency; ``forecast_plan`` its instalments.
    """

    __slots__ = ()

    @api.model
    def _get_source_columns(self) -> dict[str, str]:
        """Hook: the columns of ``forecast_source``, with their types in PostgreSQL.

        ``amount`` is with taxes as far as they are known; ``term_id`` is the payment term, unless
        ``due_date`` says when it is due.
        """
        return {
            "company_id": "int",
            "partner_id": "int",
            "user_id": "int",
            "team_id": "int",
            "layer": "varchar",
            "lead_id": "int",
            "move_id": "int",
            "categ_id": "int",
            "probability": "float8",
            "invoice_date": "date",
            "due_date": "date",
            "term_id": "int",
            "amount": "numeric",
            "amount_untaxed": "numeric",
        }

    @api.model
    def _get_sources(self, scope) -> list[dict[str, SQL]]:
        """Hook: what forecasts are made of. Each is ``from`` (SQL of tables and conditions) and
        the SQL of columns; what is left out is empty.

        :param scope: its companies and partners; all partners, and what has none, without.
        """
        return [self._get_deal_source(scope), self._get_draft_source(scope)]

    @api.model
    def _get_source_sql(self, scope) -> SQL:
        columns = self._get_source_columns()
        return SQL(
            "SELECT *, ROW_NUMBER() OVER () AS source_id FROM (%s) source"
            " WHERE amount != 0 OR amount_untaxed != 0",
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT %s FROM %s",
                    SQL(", ").join(
                        SQL(
                            "(%s)::%s AS %s",
                            source.get(name, SQL("NULL")),
                            SQL(kind),
                            SQL.identifier(name),
                        )
                        for name, kind in columns.items()
                    ),
                    source["from"],
                )
                for source in self._get_sources(scope)
            ),
        )

    @api.model
    def _get_scope_partner_sql(self, column: SQL, scope) -> SQL:
        if scope.partners is None:
            return SQL("TRUE")
        return SQL("%s = ANY(%s)", column, list(scope.partners.ids))

    # Deals ------------------------------------------------------------------------------------

    @api.model
    def _get_deal_source(self, scope) -> dict[str, SQL]:
        """Open deals, and won ones that nobody has ordered or invoiced: what of their expected
        revenue no order and no invoice, drafts included, covers.

        An open deal is invoiced on its expected closing (without one nobody knows when), a won one
        on the day it was won, and the median days that its team takes from there to the first
        invoice.
        """
        return {
            "from": SQL(
                """
                crm_lead lead
                  LEFT JOIN res_partner contact ON contact.id = lead.partner_id
                  LEFT JOIN res_partner partner ON partner.id = contact.commercial_partner_id
                  LEFT JOIN res_users seller ON seller.id = lead.user_id
                  JOIN expect_basis basis
                    ON basis.company_id = COALESCE(
                           lead.company_id, seller.company_id, %(main_company)s)
                  JOIN res_company company ON company.id = basis.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                  LEFT JOIN (
                    SELECT lead_id, SUM(amount) AS amount FROM (%(covered)s) part GROUP BY lead_id
                       ) covered ON covered.lead_id = lead.id
                  LEFT JOIN forecast_lag team_lag ON team_lag.team_id = lead.team_id
                  LEFT JOIN forecast_lag lag ON lag.is_usual
                 WHERE lead.type = 'opportunity' AND lead.active
                   AND lead.expected_revenue > COALESCE(covered.amount, 0)
                   AND (lead.won_status = 'pending' OR %(is_unbilled)s)
                   AND %(partners)s
                """,
                main_company=self.env.ref("base.main_company").id,
                covered=self._get_covered_sql(self._get_deal_ids_sql(scope)),
                is_unbilled=SQL(
                    """
                    (lead.won_status = 'won'
                     AND COALESCE(lead.billing_status, 'none') IN ('none', 'quoted')
                     AND lead.date_closed > basis.today - %s::interval)
                    """,
                    f"{WON_MONTHS} months",
                ),
                partners=self._get_scope_partner_sql(SQL("partner.id"), scope),
            ),
            "company_id": SQL("basis.company_id"),
            "partner_id": SQL("partner.id"),
            "user_id": SQL("lead.user_id"),
            "team_id": SQL("lead.team_id"),
            "layer": SQL("CASE WHEN lead.won_status = 'won' THEN 'won' ELSE 'deal' END"),
            "lead_id": SQL("lead.id"),
            "probability": SQL(
                "CASE WHEN lead.won_status = 'won' THEN 100 ELSE lead.probability END"
            ),
            "invoice_date": SQL(
                """
                CASE WHEN lead.won_status = 'won' THEN lead.date_closed::date
                     WHEN lead.date_deadline IS NOT NULL
                     THEN GREATEST(lead.date_deadline, basis.today) END
                + COALESCE(team_lag.days, lag.days, 0)::int
                """
            ),
            "term_id": self._get_partner_term_sql(),
            "amount": SQL(
                "ROUND(lead.expected_revenue - COALESCE(covered.amount, 0),"
                " currency.decimal_places)"
            ),
            "amount_untaxed": SQL(
                "ROUND(lead.expected_revenue - COALESCE(covered.amount, 0),"
                " currency.decimal_places)"
            ),
        }

    @api.model
    def _get_partner_term_sql(self) -> SQL:
        """The customer's payment term in the company."""
        return SQL("(partner.property_payment_term_id ->> basis.company_id::text)::int")

    @api.model
    def _get_deal_ids_sql(self, scope) -> SQL | None:
        """SQL of an array of the customers' deals, all of them without."""
        if scope.partners is None:
            return None
        return SQL(
            """
            ARRAY(SELECT lead.id FROM crm_lead lead
                    JOIN res_partner contact ON contact.id = lead.partner_id
                   WHERE contact.commercial_partner_id = ANY(%s))
            """,
            list(scope.partners.ids),
        )

    @api.model
    def _get_deal_condition_sql(self, column: SQL, deal_ids: SQL | None) -> SQL:
        """Whether a column names one of these deals, or any."""
        if deal_ids is None:
            return SQL("%s IS NOT NULL", column)
        return SQL("%s = ANY(%s)", column, deal_ids)

    @api.model
    def _get_covered_sql(self, deal_ids: SQL | None) -> SQL:
        """Hook: parts of what covers deals' expected revenue, untaxed: ``lead_id``, ``amount``.

        :param deal_ids: SQL of an array of deals, none for all. What one customer has is asked of
            his deals, not found among everybody's.
        """
        return SQL(
            """
            SELECT line.opportunity_id AS lead_id, -line.balance AS amount
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE %s
               AND line.parent_state IN ('draft', 'posted')
               AND line.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
            """,
            self._get_deal_condition_sql(SQL("line.opportunity_id"), deal_ids),
        )

    @api.model
    def _get_lag_sql(self) -> SQL:
        """The median days from won to the first invoice, of each team and of all (``is_usual``)."""
        return SQL(
            """
            SELECT team_id, GROUPING(team_id) = 1 AS is_usual, PERCENTILE_DISC(0.5) WITHIN GROUP (
                       ORDER BY GREATEST(first_invoice_date - date_closed::date, 0)) AS days
              FROM crm_lead
             WHERE first_invoice_date IS NOT NULL
               AND won_status = 'won'
               AND date_closed > CURRENT_DATE - %s::interval
             GROUP BY GROUPING SETS ((team_id), ())
            """,
            f"{LAG_MONTHS} months",
        )

    # Drafts -----------------------------------------------------------------------------------

    @api.model
    def _get_draft_source(self, scope) -> dict[str, SQL]:
        """Instalments of drafts: invoices and receipts, and credit notes, which are negative."""
        return {
            "from": SQL(
                """
                account_move move
                  JOIN expect_basis basis ON basis.company_id = move.company_id
                  JOIN res_company company ON company.id = move.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                  LEFT JOIN res_partner partner ON partner.id = move.commercial_partner_id
                  LEFT JOIN LATERAL (
                    SELECT line.balance AS amount, %(due_date)s AS due_date
                      FROM account_move_line line
                     WHERE line.move_id = move.id AND line.display_type = 'payment_term'
                       ) instalment ON TRUE
                 WHERE move.state = 'draft'
                   AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                   AND %(partners)s
                """,
                due_date=self.env["account.receivable"]._get_due_date_sql("line"),
                partners=self._get_scope_partner_sql(SQL("partner.id"), scope),
            ),
            "company_id": SQL("move.company_id"),
            "partner_id": SQL("partner.id"),
            "user_id": SQL("move.invoice_user_id"),
            "team_id": SQL("move.team_id"),
            "layer": SQL("'draft'"),
            "move_id": SQL("move.id"),
            "categ_id": self._get_document_category_sql(SQL("move.id")),
            "probability": SQL("100"),
            "invoice_date": SQL("COALESCE(move.invoice_date, basis.today)"),
            "due_date": SQL("GREATEST(instalment.due_date, basis.today)"),
            "amount": SQL("COALESCE(instalment.amount, move.amount_total_signed)"),
            "amount_untaxed": SQL(
                """
                ROUND(COALESCE(instalment.amount * move.amount_untaxed_signed
                                   / NULLIF(move.amount_total_signed, 0),
                               move.amount_untaxed_signed), currency.decimal_places)
                """
            ),
        }

    @api.model
    def _get_document_category_sql(self, move: SQL) -> SQL:
        """The product category of all lines of a document; NULL where they have several: what is
        owed is owed for all of them, and no instalment is for one.
        """
        return SQL(
            """
            (SELECT CASE WHEN MIN(COALESCE(template.categ_id, 0)) = MAX(template.categ_id)
                         THEN MAX(template.categ_id) END
               FROM account_move_line sold
               LEFT JOIN product_product product ON product.id = sold.product_id
               LEFT JOIN product_template template ON template.id = product.product_tmpl_id
              WHERE sold.move_id = %s AND sold.display_type = 'product')
            """,
            move,
        )

    # Instalments ------------------------------------------------------------------------------

    @api.model
    def _get_term_sql(self) -> SQL:
        """The parts of payment terms: which share (``since`` to ``upto``) is due when. Fixed
        amounts share equally what the percentages leave.
        """
        return SQL(
            """
            SELECT term_id, delay_type, nb_days, day_of_month,
                   COALESCE(SUM(share) OVER before, 0) / NULLIF(SUM(share) OVER whole, 0) AS since,
                   (COALESCE(SUM(share) OVER before, 0) + share)
                       / NULLIF(SUM(share) OVER whole, 0) AS upto
              FROM (
                SELECT id, payment_id AS term_id, delay_type, nb_days,
                       LEAST(GREATEST(NULLIF(
                           REGEXP_REPLACE(COALESCE(days_next_month, ''), '[^0-9]', '', 'g'), ''
                           )::int, 1), 31) AS day_of_month,
                       CASE WHEN value = 'percent' THEN value_amount / 100.0
                            ELSE GREATEST(0, 1 - SUM(value_amount / 100.0)
                                                 FILTER (WHERE value = 'percent') OVER term)
                                 / COUNT(*) FILTER (WHERE value != 'percent') OVER term
                       END AS share
                  FROM account_payment_term_line
                WINDOW term AS (PARTITION BY payment_id)
                   ) line
            WINDOW whole AS (PARTITION BY term_id),
                   before AS (PARTITION BY term_id ORDER BY nb_days, id
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            """
        )

    @api.model
    def _get_plan_sql(self) -> SQL:
        """The instalments of what will be invoiced, numbered (``plan_id``)."""
        return SQL(
            """
            SELECT plan.*, ROW_NUMBER() OVER () AS plan_id
              FROM (
                SELECT source.source_id, source.company_id, source.partner_id,
                       COALESCE(source.due_date, %(due_date)s) AS due_date,
                       ROUND(source.amount * COALESCE(term.upto, 1), currency.decimal_places)
                           - ROUND(source.amount * COALESCE(term.since, 0),
                                   currency.decimal_places) AS amount,
                       ROUND(source.amount_untaxed * COALESCE(term.upto, 1),
                             currency.decimal_places)
                           - ROUND(source.amount_untaxed * COALESCE(term.since, 0),
                                   currency.decimal_places) AS amount_untaxed
                  FROM forecast_source source
                  JOIN expect_basis basis ON basis.company_id = source.company_id
                  JOIN res_company company ON company.id = source.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                  LEFT JOIN (%(terms)s) term
                    ON term.term_id = source.term_id AND source.due_date IS NULL
                 CROSS JOIN LATERAL (
                    SELECT GREATEST(source.invoice_date, basis.today) AS date
                       ) invoiced
                   ) plan
             WHERE amount != 0 OR amount_untaxed != 0
            """,
            terms=self._get_term_sql(),
            due_date=SQL(
                """
                CASE term.delay_type
                     WHEN 'days_after_end_of_month'
                     THEN (date_trunc('month', invoiced.date) + interval '1 month - 1 day')::date
                          + term.nb_days
                     WHEN 'days_after_end_of_next_month'
                     THEN (date_trunc('month', invoiced.date) + interval '2 month - 1 day')::date
                          + term.nb_days
                     WHEN 'days_end_of_month_on_the'
                     THEN (date_trunc('month', invoiced.date + term.nb_days)
                           + interval '1 month - 1 day')::date + COALESCE(term.day_of_month, 1)
                     ELSE invoiced.date + COALESCE(term.nb_days, 0)
                END
                """
            ),
        )
