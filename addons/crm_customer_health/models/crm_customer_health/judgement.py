import itertools

from odoo.tools import SQL

#: Payment score by days beyond terms: the public dollar-weighted scale of Dun & Bradstreet's
#: payment index, linear between its points and flat outside.
PAYMENT_CURVE = (
    (-30, 100),
    (-20, 90),
    (0, 80),
    (15, 70),
    (22, 60),
    (30, 50),
    (60, 40),
    (90, 30),
    (120, 20),
    (180, 1),
)

#: Cut points of recency, frequency and monetary value: the 20, 40, 60 and 80 % points.
QUANTILES = (0.2, 0.4, 0.6, 0.8)
RANKS = ("recency", "frequency", "monetary")

#: Segment on recency and frequency: the first that holds; all 25 cells have one.
RFM_SEGMENT = """
    CASE WHEN rfm_recency IS NULL THEN NULL
         WHEN rfm_recency <= 2 AND rfm_frequency <= 2 THEN 'hibernating'
         WHEN rfm_recency <= 2 AND rfm_frequency <= 4 THEN 'at_risk'
         WHEN rfm_recency <= 2 THEN 'cant_lose'
         WHEN rfm_recency = 3 AND rfm_frequency <= 2 THEN 'about_to_sleep'
         WHEN rfm_recency = 3 AND rfm_frequency = 3 THEN 'need_attention'
         WHEN rfm_recency <= 4 AND rfm_frequency >= 4 THEN 'loyal'
         WHEN rfm_recency = 4 AND rfm_frequency = 1 THEN 'promising'
         WHEN rfm_recency = 5 AND rfm_frequency = 1 THEN 'new'
         WHEN rfm_frequency <= 3 THEN 'potential_loyalist'
         ELSE 'champions' END
"""


class Judgement:
    """What the facts of a customer mean: scores, status, and rank among the company's customers.

    Like the facts, every step is an SQL relation that reads those before it.
    """

    __slots__ = ()

    def _get_judgement_relations(self, scope) -> dict[str, SQL]:
        """Judgement by relation name, in the order in which they read each other.

        All customers are compared with each other, some with a norm that was kept.
        """
        is_whole = scope.partners is None
        relations = {
            "health_pending": self._get_pending_sql(),
            "health_fact": self._get_fact_sql(),
        }
        relations["health_rank"] = (
            self._get_rank_sql() if is_whole else self._get_stored_norm_sql(scope)
        )
        relations["health_score"] = self._get_score_sql()
        relations["health_norm"] = (
            self._get_norm_sql() if is_whole else self._get_stored_norm_sql(scope)
        )
        relations["health_result"] = self._get_result_sql()
        return relations

    def _get_measures(self) -> dict[str, SQL]:
        """Hook: what the health score is made of, 0 (bad) to 100 (good), NULL where there is none.

        A measure ``x`` is weighed by the policy's ``x_weight`` and kept in the figure
        ``x_measure``. It reads ``fact`` (a row of ``health_fact`` with its payment score and
        trend) and the RFM ranks ``rank``.
        """
        return {
            "payment": SQL("fact.payment_score"),
            # What is overdue, against what was paid in the window: a new invoice changes nothing.
            "exposure": SQL(
                "100 * (1 - COALESCE(fact.net_overdue_amount, 0)"
                " / NULLIF(COALESCE(fact.net_overdue_amount, 0)"
                " + GREATEST(fact.received_amount, 0), 0))"
            ),
            # GREATEST and LEAST pass over NULL.
            "trend": SQL(
                "CASE WHEN fact.payment_trend IS NOT NULL"
                " THEN LEAST(100, GREATEST(0, 50 + fact.payment_trend)) END"
            ),
            "purchase": SQL("(rank.rfm_recency + rank.rfm_frequency - 2) * 12.5"),
        }

    def _get_pending_sql(self) -> SQL:
        """What is overdue and what money in the house would settle of it, as if somebody matched
        them today, the oldest debt first: such a part is a settlement with days of its own, the
        rest is overdue at today's age. Matching them changes no score.

        ``pending_count`` leaves out instalments that the window has settlements of.
        """
        return SQL(
            """
            SELECT company_id, partner_id,
                   COUNT(DISTINCT line_id) FILTER (WHERE is_scored AND NOT EXISTS (
                       SELECT FROM health_settlement settled
                        WHERE settled.line_id = pending.line_id
                          AND settled.amount > 0 AND settled.kind != 'exchange'))
                       AS pending_count,
                   SUM(amount) FILTER (WHERE is_scored) AS pending_amount,
                   SUM(amount * points) FILTER (WHERE is_scored) AS pending_points,
                   SUM(amount) FILTER (WHERE is_scored AND NOT is_recent) AS pending_old_amount,
                   SUM(amount * points) FILTER (WHERE is_scored AND NOT is_recent)
                       AS pending_old_points,
                   SUM(amount) FILTER (WHERE is_scored AND is_received) AS pending_received_amount,
                   SUM(amount) FILTER (WHERE NOT is_received) AS net_overdue_amount
              FROM (
                SELECT pending.*, %(points)s AS points
                  FROM (
                    SELECT item.company_id, item.partner_id, item.line_id, item.days,
                           item.amount - COALESCE(house.amount, 0) AS amount,
                           -- Opening balances and miscellaneous entries age, but say nothing of a
                           -- behaviour.
                           item.is_document AS is_scored,
                           TRUE AS is_recent, FALSE AS is_received
                      FROM health_item item
                      LEFT JOIN (
                        SELECT line_id, SUM(amount) AS amount FROM health_house GROUP BY line_id
                           ) house ON house.line_id = item.line_id
                     WHERE item.amount > COALESCE(house.amount, 0)
                       AND item.is_overdue
                     UNION ALL
                    SELECT house.company_id, house.partner_id, house.line_id,
                           settled.date - basis.as_of + house.days, house.amount,
                           house.is_document AND settled.date > basis.window_start
                               AND settled.date <= basis.as_of,
                           settled.date > basis.recent_start, TRUE
                      FROM health_house house
                      JOIN health_basis basis ON basis.company_id = house.company_id
                      JOIN account_move_line line ON line.id = house.line_id
                     CROSS JOIN LATERAL (
                        SELECT GREATEST(house.date, line.invoice_date) AS date) settled
                     WHERE house.is_money
                       ) pending
                   ) pending
             GROUP BY company_id, partner_id
            """,
            points=self._get_curve_sql(SQL("days")),
        )

    def _get_fact_sql(self) -> SQL:
        """All facts of a customer in one row, with the payment score and its trend.

        The payment score is the amount-weighted mean of the curve over what was settled in the
        window and what is overdue today, at today's age; a write-off counts 1. Who objected to
        being scored has none.
        """
        return SQL(
            """
            SELECT *,
                   CASE WHEN window_months > 3 AND is_unscored IS NULL THEN
                        ROUND((scored_points - old_points)
                            / NULLIF(scored_amount - old_amount, 0), 2)
                      - ROUND(old_points / NULLIF(old_amount, 0), 2)
                   END AS payment_trend,
                   CASE WHEN is_unscored IS NULL
                        THEN ROUND(scored_points / NULLIF(scored_amount, 0), 2) END
                       AS payment_score
              FROM (
                SELECT *,
                       COALESCE(settled_amount, 0) + COALESCE(pending_amount, 0) AS scored_amount,
                       COALESCE(settled_points, 0) + COALESCE(pending_points, 0) AS scored_points,
                       COALESCE(settled_amount, 0) - COALESCE(recent_amount, 0)
                           + COALESCE(pending_old_amount, 0) AS old_amount,
                       COALESCE(settled_points, 0) - COALESCE(recent_points, 0)
                           + COALESCE(pending_old_points, 0) AS old_points,
                       COALESCE(settled_count, 0) + COALESCE(pending_count, 0) AS scored_count,
                       COALESCE(paid_amount, 0) + COALESCE(pending_received_amount, 0)
                           AS received_amount,
                       as_of - last_invoice_date AS recency_days,
                       health_alarm.partner_id IS NOT NULL AS needs_action
                  FROM health_open
                  FULL JOIN health_behaviour USING (company_id, partner_id)
                  FULL JOIN health_business USING (company_id, partner_id)
                  %(joined)s
                  JOIN (SELECT company_id, as_of, window_months FROM health_basis) basis
                 USING (company_id)
                   ) fact
            """,
            joined=SQL(" ").join(
                SQL("LEFT JOIN %s USING (company_id, partner_id)", SQL.identifier(relation))
                for relation in self._get_joined_facts()
            ),
        )

    def _get_joined_facts(self) -> list[str]:
        """Hook: relations of which all columns are facts of the customers that the journals know; a
        row per company and customer, at most.
        """
        return [
            "health_unsent",
            "health_pending",
            "health_alarm",
            "health_countback",
            "health_unscored",
        ]

    def _get_rank_sql(self) -> SQL:
        """Cut points of all customers that ever got an invoice and may be ranked, by company."""
        quantiles = SQL("ARRAY[%s]::float8[]", SQL(", ").join(SQL("%s", q) for q in QUANTILES))
        return SQL(
            """
            SELECT company_id, %(columns)s
              FROM (
                SELECT company_id,
                       PERCENTILE_CONT(%(quantiles)s) WITHIN GROUP (ORDER BY recency_days)
                           AS recency,
                       PERCENTILE_CONT(%(quantiles)s) WITHIN GROUP (ORDER BY invoice_count_12m)
                           AS frequency,
                       PERCENTILE_CONT(%(quantiles)s) WITHIN GROUP (ORDER BY revenue_12m)
                           AS monetary
                  FROM health_fact
                 WHERE invoice_count > 0 AND is_unscored IS NULL
                 GROUP BY company_id
              ) cuts
            """,
            quantiles=quantiles,
            columns=SQL(", ").join(
                SQL(
                    "%s[%s] AS %s",
                    SQL.identifier(rank),
                    number,
                    SQL.identifier(f"{rank}_cut_{number}"),
                )
                for rank in RANKS
                for number in range(1, len(QUANTILES) + 1)
            ),
        )

    def _get_stored_norm_sql(self, scope) -> SQL:
        """What is usual among the customers: as the last refresh of all left it, or as it was
        kept with a month end.
        """
        if scope.norm_date is None:
            return SQL("SELECT * FROM crm_customer_health_norm")
        return SQL(
            """
            SELECT norm.*
              FROM crm_customer_health_month month
             CROSS JOIN LATERAL jsonb_populate_record(
                   NULL::crm_customer_health_norm, month.norm) norm
             WHERE month.date = %s
            """,
            scope.norm_date,
        )

    def _get_score_sql(self) -> SQL:
        """RFM ranks, the measures, and the health score that they make, before shrinking."""
        measures = self._get_measures()
        weight = {name: SQL.identifier("basis", f"{name}_weight") for name in measures}
        column = {name: SQL.identifier(f"{name}_measure") for name in measures}
        return SQL(
            """
            SELECT measured.*,
                   CASE WHEN payment_score IS NOT NULL
                        THEN (%(sum)s) / NULLIF(%(weight)s, 0) END AS plain_score
              FROM (
                SELECT fact.*, rfm_recency, rfm_frequency, rfm_monetary, %(measures)s
                  FROM health_fact fact
                  LEFT JOIN health_rank cut ON cut.company_id = fact.company_id
                 CROSS JOIN LATERAL (
                    SELECT CASE WHEN is_ranked THEN 5 - (%(recency)s) END AS rfm_recency,
                           CASE WHEN is_ranked THEN 1 + %(frequency)s END AS rfm_frequency,
                           CASE WHEN is_ranked THEN 1 + %(monetary)s END AS rfm_monetary
                      FROM (SELECT invoice_count > 0 AND is_unscored IS NULL AS is_ranked) ranked
                       ) rank
              ) measured
              JOIN health_basis basis ON basis.company_id = measured.company_id
            """,
            measures=SQL(", ").join(
                SQL(
                    "(CASE WHEN fact.is_unscored IS NULL THEN %s END)::numeric AS %s",
                    value,
                    column[name],
                )
                for name, value in measures.items()
            ),
            sum=SQL(" + ").join(
                SQL("COALESCE(%s * %s::numeric, 0)", column[name], weight[name])
                for name in measures
            ),
            weight=SQL(" + ").join(
                SQL("CASE WHEN %s IS NULL THEN 0 ELSE %s::numeric END", column[name], weight[name])
                for name in measures
            ),
            recency=self._get_cuts_below_sql("recency", SQL("recency_days")),
            frequency=self._get_cuts_below_sql("frequency", SQL("invoice_count_12m")),
            monetary=self._get_cuts_below_sql("monetary", SQL("revenue_12m")),
        )

    def _get_cuts_below_sql(self, rank: str, value: SQL) -> SQL:
        """How many cut points are strictly below the value: ties share a rank."""
        return SQL(" + ").join(
            SQL("COALESCE((%s > %s)::int, 0)", value, SQL.identifier("cut", f"{rank}_cut_{number}"))
            for number in range(1, len(QUANTILES) + 1)
        )

    def _get_norm_sql(self) -> SQL:
        """What is usual in a company: the mean score, and the median days beyond terms."""
        return SQL(
            """
            SELECT *
              FROM (SELECT company_id, AVG(plain_score) AS mean_health_score
                      FROM health_score GROUP BY company_id) score
              LEFT JOIN health_rank USING (company_id)
              LEFT JOIN (SELECT company_id,
                                PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY days_beyond_terms)
                                    AS median_days_beyond_terms
                           FROM health_settlement
                          WHERE kind = 'payment' AND amount > 0
                          GROUP BY company_id) settlement USING (company_id)
            """
        )

    def _get_result_sql(self) -> SQL:
        """The row of each customer, as it is stored: one column for each figure.

        With less than the policy's minimum of settled or overdue items the score is drawn towards
        the company's mean; the status never calls healthy who has none, nor a high payment risk.
        """
        return SQL(
            """
            SELECT %(columns)s
              FROM (
                SELECT judged.*,
                       CASE WHEN health_score IS NULL THEN 'unknown'
                            WHEN health_score >= healthy_score AND payment_risk != 'high'
                            THEN 'healthy'
                            WHEN health_score >= watch_score THEN 'watch'
                            ELSE 'at_risk' END AS health_status
                  FROM (
                    SELECT score.*, basis.healthy_score, basis.watch_score, basis.decimal_places,
                           ROUND(CASE WHEN scored_count < basis.minimum_items
                                       AND norm.mean_health_score IS NOT NULL
                                      THEN (scored_count * plain_score
                                            + (basis.minimum_items - scored_count)
                                              * norm.mean_health_score::numeric)
                                           / basis.minimum_items
                                      ELSE plain_score END, 2) AS health_score,
                           CASE WHEN payment_score IS NULL THEN 'unknown'
                                WHEN payment_score >= basis.low_risk_score THEN 'low'
                                WHEN payment_score >= basis.medium_risk_score THEN 'medium'
                                ELSE 'high' END AS payment_risk
                      FROM health_score score
                      JOIN health_basis basis ON basis.company_id = score.company_id
                      LEFT JOIN health_norm norm ON norm.company_id = score.company_id
                  ) judged
              ) result
            """,
            columns=SQL(", ").join(
                SQL("%s AS %s", expression, SQL.identifier(name))
                for name, expression in self._get_result_columns().items()
            ),
        )

    def _get_result_columns(self) -> dict[str, SQL]:
        """The stored columns and how each comes out of the judged row ``result``: the register."""
        columns = {name: SQL.identifier(name) for name in ("company_id", "partner_id")}
        for name, figure in self._get_register().items():
            value = SQL(figure.sql) if figure.sql else SQL.identifier(name)
            if figure.empty is not None:
                value = SQL("COALESCE(%s, %s)", value, figure.empty)
            field = self._fields[name]
            if field.type == "float":
                value = SQL("ROUND(%s::numeric, %s)", value, field.get_digits(self.env)[1])
            columns[name] = SQL("(%s)::%s", value, SQL(field.column_type[1]))
        return columns

    def _get_curve_sql(self, days: SQL) -> SQL:
        """The payment score's points for so many days beyond terms."""
        first, points = PAYMENT_CURVE[0]
        branches = [
            SQL("WHEN %(days)s <= %(first)s THEN %(points)s", days=days, first=first, points=points)
        ]
        for (start, upper), (end, lower) in itertools.pairwise(PAYMENT_CURVE):
            branches.append(
                SQL(
                    "WHEN %(days)s <= %(end)s"
                    " THEN %(upper)s - (%(days)s - %(start)s) * %(slope)s / %(length)s::numeric",
                    days=days,
                    end=end,
                    upper=upper,
                    start=start,
                    slope=upper - lower,
                    length=end - start,
                )
            )
        return SQL("CASE %s ELSE %s END", SQL(" ").join(branches), PAYMENT_CURVE[-1][1])
