from datetime import date, timedelta

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from .crm_customer_health.refresh import FEW_CUSTOMERS

#: An observation weighs half when it is so many days older.
HALF_LIFE_DAYS = 90
#: Payments of so many months are looked at.
SAMPLE_MONTHS = 24
#: What all customers of the company do weighs like so many payments of the customer.
COMPANY_WEIGHT = 1.0
#: The points of the distribution that are shown: the ends of the band, and what is most likely.
POINTS = {"low": 0.1, "likely": 0.5, "high": 0.9}
#: Relations that are no tables when many customers are read: arrays of many values would be packed
#: in one, and unpacked for each look into them.
INLINE_RELATIONS = ("expect_company",)
#: Differences of shares below it come from reckoning.
TINY = 1e-9


class CrmPaymentExpectation(models.AbstractModel):
    """When the money of open items will come: the one place that says so.

    It is a distribution of lateness (days from the due date to the payment), made of what is known
    at the beginning of a day:

    - Of the customer one observation for each instalment: the amount-weighted days beyond terms of
      what was paid. What is open past its due date, or was written off, is "later than so many
      days" (product-limit estimate), or bad payers look quick. A partly paid instalment counts by
      its parts. An observation weighs 0.5 ^ (days since the due date / 90).
    - The company's sample, all of its customers together, weighs like one payment. Where nothing of
      the customer is left to say what comes after the oldest open item, the company's goes on.
    - What is known of the open item itself: its lateness is at least today less its due date.

    Disputed documents are a class of their own: only other disputed documents tell of them.
    Relations begin with ``expect_``; one statement serves one customer and all of them.
    """

    _name = "crm.payment.expectation"
    _description = "Expected Payments"

    @api.model
    def _get_relations(
        self, scope: Scope, known_of_company: SQL | None = None, plan: SQL | None = None
    ) -> dict[str, SQL]:
        """Relations by name, each of which reads those before it. ``expect_result`` has a row for
        each open item of the scope that is owed to the company.

        With ``scope.as_of`` it is what could be said at the beginning of the day after.

        :param known_of_company: SQL of the companies' samples, see
            ``crm.payment.lateness._get_day_sql``; without it they are made of the scope, which must
            have all customers then.
        :param plan: SQL of what will be owed, to be expected in the same way: ``plan_id``,
            ``company_id``, ``partner_id`` (may be empty), ``due_date``, ``amount`` above zero.
        """
        return {
            "expect_basis": self._get_basis_sql(scope),
            "expect_item": self._get_item_sql(scope),
            "expect_day": self._get_day_sql(scope),
            "expect_company_day": known_of_company or self._get_company_day_sql(),
            "expect_curve": self._get_curve_sql(),
            "expect_company": self._get_company_sql(),
            "expect_promise": self._get_promise_sql(scope),
            "expect_debt": self._get_debt_sql(plan),
            "expect_spot": self._get_spot_sql(),
            "expect_point": self._get_point_sql(),
            "expect_result": self._get_result_sql(),
        }

    @api.model
    def _get_with_sql(self, relations: dict[str, SQL]) -> SQL:
        return SQL(
            "WITH %s",
            SQL(", ").join(
                SQL("%s AS MATERIALIZED (%s)", SQL.identifier(name), select)
                for name, select in relations.items()
            ),
        )

    @api.model
    def _prepare_relations(self, relations: dict[str, SQL], scope: Scope) -> SQL:
        """What a statement that reads the relations begins with.

        For many customers they are computed here, into temporary tables, which have statistics and
        end with the transaction: the planner takes each for a handful of rows otherwise.
        """
        if scope.partners is not None and len(scope.partners) <= FEW_CUSTOMERS:
            return self._get_with_sql(relations)
        self.env["crm.customer.health"]._raise_work_memory()
        inline = {}
        for name, select in relations.items():
            if name in INLINE_RELATIONS:
                inline[name] = select
                continue
            table = SQL.identifier(name)
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier("pg_temp", name)))
            self.env.cr.execute(
                SQL(
                    "CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s SELECT * FROM (%s) relation",
                    table,
                    self._get_with_sql(inline) if inline else SQL(""),
                    select,
                )
            )
            self.env.cr.execute(SQL("ANALYZE %s", table))
        return self._get_with_sql(inline) if inline else SQL("")

    @api.model
    def _flush_sources(self):
        """Write what the relations read."""
        self.env["account.receivable"]._flush()
        self.env["crm.payment.lateness"].flush_model()

    @api.model
    def _get_expected(self, companies, partners) -> list[dict]:
        """What is expected of the open items of these customers: rows of ``expect_result``.

        Reads with full rights: the caller sees to it that the user may see the customers.
        """
        self._flush_sources()
        scope = Scope(companies, partners)
        known = self.env["crm.payment.lateness"]._get_day_sql(companies)
        with_sql = self._get_with_sql(self._get_relations(scope, known))
        return self.env.execute_query_dict(SQL("%s SELECT * FROM expect_result", with_sql))

    # What is known ----------------------------------------------------------------------------

    @api.model
    def _get_basis_sql(self, scope) -> SQL:
        """``company_id``, ``today`` (the day that begins), ``known_on`` (the last day whose
        payments are known).
        """
        companies = scope.companies or self.env["crm.customer.health.policy"]._get_companies()

        def days(company) -> tuple[date, date]:
            if scope.as_of:
                return scope.as_of + timedelta(days=1), scope.as_of
            return company._get_today(), company._get_today()

        return SQL(
            "SELECT * FROM (VALUES %s) basis (company_id, today, known_on)",
            SQL(", ").join(
                SQL("(%s, %s::date, %s::date)", company.id, *days(company))
                for company in companies.sudo()
            ),
        )

    @api.model
    def _get_item_sql(self, scope) -> SQL:
        """Open items with their ``age``: days since the due date, negative before it."""
        return SQL(
            """
            SELECT item.*, basis.today, basis.today - item.due_date AS age
              FROM (%s) item
              JOIN expect_basis basis ON basis.company_id = item.company_id
            """,
            self.env["account.receivable.item"]._get_item_sql(scope),
        )

    @api.model
    def _get_day_sql(self, scope) -> SQL:
        """Observations of the customers, by day: ``days`` (lateness), ``paid`` (weight of what was
        paid then) and ``later`` (weight of what was not paid until then).
        """
        return SQL(
            """
            SELECT company_id, partner_id, is_disputed, days,
                   SUM(weight * part.paid / total)::float8 AS paid,
                   SUM(weight * part.later / total)::float8 AS later
              FROM (
                SELECT company_id, partner_id, COALESCE(settled.is_disputed, open.is_disputed)
                           AS is_disputed,
                       POWER(0.5, GREATEST(basis.today - due_date, 0) / %(half_life)s::float8)
                           AS weight,
                       COALESCE(settled.paid, 0) + COALESCE(settled.lost, 0)
                           + COALESCE(open.amount, 0) AS total,
                       settled.paid, settled.paid_days, settled.lost, settled.lost_days,
                       open.amount AS open, basis.today - due_date - 1 AS open_days
                  FROM (%(settled)s) settled
                  FULL JOIN (
                    SELECT company_id, partner_id, root_line_id AS line_id, due_date, is_disputed,
                           SUM(amount) AS amount
                      FROM expect_item
                     WHERE is_document AND amount > 0
                     GROUP BY company_id, partner_id, root_line_id, due_date, is_disputed
                       ) open USING (company_id, partner_id, line_id, due_date)
                  JOIN expect_basis basis USING (company_id)
                   ) instalment
             CROSS JOIN LATERAL (
                VALUES (ROUND(paid_days)::int, paid, 0),
                       (ROUND(lost_days)::int, 0, lost),
                       (CASE WHEN open_days >= 0 THEN open_days END, 0, open)
                   ) part (days, paid, later)
             WHERE part.days IS NOT NULL AND part.paid + part.later > 0
             GROUP BY company_id, partner_id, is_disputed, days
            """,
            half_life=HALF_LIFE_DAYS,
            settled=self._get_settled_sql(scope),
        )

    @api.model
    def _get_settled_sql(self, scope) -> SQL:
        """Instalments with what was paid of them, and what was lost, and after how many days."""
        return SQL(
            """
            SELECT settlement.company_id, partner.commercial_partner_id AS partner_id,
                   settlement.line_id, settlement.due_date,
                   settlement.move_id IN (
                       SELECT id FROM account_move WHERE payment_state = 'blocked') AS is_disputed,
                   SUM(amount) FILTER (WHERE %(is_paid)s) AS paid,
                   SUM(amount * %(days)s) FILTER (WHERE %(is_paid)s)
                       / SUM(amount) FILTER (WHERE %(is_paid)s) AS paid_days,
                   SUM(amount) FILTER (WHERE NOT %(is_paid)s) AS lost,
                   SUM(amount * %(days)s) FILTER (WHERE NOT %(is_paid)s)
                       / SUM(amount) FILTER (WHERE NOT %(is_paid)s) AS lost_days
              FROM (%(settlements)s) settlement
              JOIN res_partner partner ON partner.id = settlement.partner_id
              JOIN expect_basis basis ON basis.company_id = settlement.company_id
             WHERE NOT settlement.is_mirror
               AND settlement.parent_state = 'posted'
               AND settlement.settled_as IN ('payment', 'discount', 'write_off')
               AND settlement.amount > 0
               AND settlement.settlement_date <= basis.known_on
               AND settlement.settlement_date > basis.today - %(period)s::interval
             GROUP BY settlement.company_id, partner.commercial_partner_id, settlement.line_id,
                      settlement.due_date, settlement.move_id
            """,
            is_paid=SQL("settlement.settled_as != 'write_off'"),
            days=SQL("(settlement.settlement_date - settlement.due_date)"),
            settlements=self.env["account.receivable.settlement"]._get_settlement_sql(scope),
            period=f"{SAMPLE_MONTHS} months",
        )

    @api.model
    def _get_company_day_sql(self) -> SQL:
        """Observations of all customers of a company together, by day."""
        return SQL(
            """
            SELECT company_id, is_disputed, days, SUM(paid) AS paid, SUM(later) AS later
              FROM expect_day
             GROUP BY company_id, is_disputed, days
            """
        )

    @api.model
    def _get_promise_sql(self, scope) -> SQL:
        """Hook: what customers promised to pay and by which day, where something knows of that.

        Columns: ``company_id``, ``partner_id``, ``date``, and ``since`` and ``upto``: the part of
        what the customer owes, oldest due first, that the promise is about.
        """
        return SQL(
            """
            SELECT NULL::int AS company_id, NULL::int AS partner_id, NULL::date AS date,
                   NULL::numeric AS since, NULL::numeric AS upto
             WHERE FALSE
            """
        )

    # The distribution -------------------------------------------------------------------------

    @api.model
    def _get_product_limit_sql(self, days: SQL, key: SQL) -> SQL:
        """The product-limit estimate: ``at_risk`` is the weight of what was not paid before a day,
        ``before`` and ``survival`` the share that is not paid before the day and after it.
        """
        return SQL(
            """
            SELECT *, LAG(survival, 1, 1.0::float8) OVER (PARTITION BY %(key)s ORDER BY days)
                          AS before
              FROM (
                SELECT *, EXP(GREATEST(-700, SUM(
                           CASE WHEN paid >= at_risk * (1 - %(tiny)s) THEN -700
                                WHEN paid > 0 THEN LN(1 - paid / at_risk)
                                ELSE 0 END
                           ) OVER (PARTITION BY %(key)s ORDER BY days))) AS survival
                  FROM (
                    SELECT *, SUM(paid + later) OVER (PARTITION BY %(key)s ORDER BY days DESC)
                                  AS at_risk
                      FROM %(days)s day
                       ) day
                   ) day
            """,
            key=key,
            days=days,
            tiny=TINY,
        )

    @api.model
    def _get_curve_sql(self) -> SQL:
        return self._get_product_limit_sql(
            SQL("expect_day"), SQL("company_id, partner_id, is_disputed")
        )

    @api.model
    def _get_company_sql(self) -> SQL:
        """The company's curve as arrays, in which a day is looked up: ``days`` and, for each,
        ``share`` (paid up to it), ``before`` and ``at_risk`` (of all).
        """
        return SQL(
            """
            SELECT company_id, is_disputed,
                   ARRAY_AGG(days::float8 ORDER BY days) AS days,
                   ARRAY_AGG(1 - survival ORDER BY days) AS share,
                   ARRAY_AGG(before ORDER BY days) AS before,
                   ARRAY_AGG(%(weight)s * at_risk / total ORDER BY days) AS at_risk
              FROM (
                SELECT *, MAX(at_risk) OVER (PARTITION BY company_id, is_disputed) AS total
                  FROM (%(curve)s) curve
                   ) curve
             GROUP BY company_id, is_disputed
            """,
            weight=COMPANY_WEIGHT,
            curve=self._get_product_limit_sql(
                SQL("expect_company_day"), SQL("company_id, is_disputed")
            ),
        )

    @api.model
    def _get_index_sql(self, day: SQL) -> SQL:
        """Where in the arrays of ``company`` the first day from this one on stands."""
        return SQL("width_bucket(%s - 0.5::float8, company.days) + 1", day)

    @api.model
    def _get_debt_sql(self, plan: SQL | None) -> SQL:
        """What is owed, and will be, numbered, with the day by which it was promised."""
        owed = SQL(
            """
            SELECT debt.*, promise.date AS promise_date, NULL::bigint AS plan_id
              FROM (
                SELECT *,
                       SUM(CASE WHEN is_disputed THEN 0 ELSE amount END) OVER (
                           PARTITION BY company_id, partner_id
                           ORDER BY due_date, root_line_id, line_id) - amount AS before
                  FROM expect_item
                 WHERE amount > 0
                   ) debt
              LEFT JOIN expect_promise promise
                ON promise.company_id = debt.company_id
               AND promise.partner_id = debt.partner_id
               AND promise.since <= debt.before AND promise.upto > debt.before
               AND NOT debt.is_disputed
            """
        )
        if plan:
            owed = SQL(
                """
                SELECT company_id, partner_id, line_id, move_id, root_line_id, root_move_id,
                       is_document, is_disputed, due_date, amount, today, age, promise_date, plan_id
                  FROM (%s) owed
                 UNION ALL
                SELECT company_id, partner_id, NULL, NULL, NULL, NULL, FALSE, FALSE, due_date,
                       amount, today, today - due_date, NULL, plan_id
                  FROM (%s) plan
                  JOIN expect_basis USING (company_id)
                """,
                owed,
                plan,
            )
        return SQL("SELECT *, ROW_NUMBER() OVER () AS number FROM (%s) debt", owed)

    @api.model
    def _get_spot_sql(self) -> SQL:
        """Of each debt, how its distribution is made of the customer's curve and the company's.

        Paid up to day ``t`` is ``own(t) + rate * (start - S(t))``, where ``S`` is the company's
        share that is not paid after ``t``, and from ``last``, the customer's last day, on also
        ``last_rate * (last_start - S(t))``.
        """
        return SQL(
            """
            SELECT number, company_id, is_disputed, age, own_weight, own_start, last,
                   own_weight / own_start AS own_rate,
                   CASE WHEN company_at_risk > 0
                        THEN (1 - own_weight) / company_start ELSE 0 END AS rate,
                   COALESCE(company_start, 0) AS start,
                   CASE WHEN own_left > %(tiny)s AND last_at_risk > 0
                        THEN own_weight * own_left / last_start ELSE 0 END AS last_rate,
                   COALESCE(last_start, 0) AS last_start
              FROM (
                SELECT debt.number, debt.company_id, debt.is_disputed, debt.age, own.last,
                       COALESCE(own.at_risk / (own.at_risk + COALESCE(there.at_risk, 0)), 0)
                           AS own_weight,
                       COALESCE(own.start, 1) AS own_start,
                       own.survival / own.start AS own_left,
                       COALESCE(there.at_risk, 0) AS company_at_risk,
                       there.before AS company_start,
                       COALESCE(behind.at_risk, 0) AS last_at_risk,
                       behind.before AS last_start
                  FROM expect_debt debt
                  LEFT JOIN (
                    SELECT debt.number, MAX(curve.at_risk) AS at_risk, MAX(curve.before) AS start,
                           MIN(curve.survival) AS survival, MAX(curve.days) AS last
                      FROM expect_debt debt
                      JOIN expect_curve curve
                        ON curve.company_id = debt.company_id
                       AND curve.partner_id = debt.partner_id
                       AND curve.is_disputed = debt.is_disputed
                       AND curve.days >= debt.age
                     GROUP BY debt.number
                       ) own ON own.number = debt.number
                  LEFT JOIN expect_company company
                    ON company.company_id = debt.company_id
                   AND company.is_disputed = debt.is_disputed
                 CROSS JOIN LATERAL (
                    SELECT company.at_risk[%(there)s] AS at_risk,
                           company.before[%(there)s] AS before
                       ) there
                 CROSS JOIN LATERAL (
                    SELECT company.at_risk[%(behind)s] AS at_risk,
                           company.before[%(behind)s] AS before
                       ) behind
                   ) debt
            """,
            tiny=TINY,
            there=self._get_index_sql(SQL("debt.age")),
            behind=self._get_index_sql(SQL("(own.last + 1)")),
        )

    @api.model
    def _get_step_sql(self) -> SQL:
        """From which day on (``since``, before ``until``) which share (``own``) is paid by the
        customer's own curve; between its days only the company's goes on.
        """
        return SQL(
            """
            SELECT step.*, LEAD(since) OVER (PARTITION BY number ORDER BY since, own) AS until
              FROM (
                SELECT number, age AS since, 0::float8 AS own FROM expect_spot
                 UNION ALL
                SELECT spot.number, curve.days, spot.own_weight - spot.own_rate * curve.survival
                  FROM expect_spot spot
                  JOIN expect_debt debt ON debt.number = spot.number
                  JOIN expect_curve curve
                    ON curve.company_id = debt.company_id
                   AND curve.partner_id = debt.partner_id
                   AND curve.is_disputed = debt.is_disputed
                   AND curve.days >= debt.age
                   ) step
            """
        )

    @api.model
    def _get_point_sql(self) -> SQL:
        """The points of each debt's distribution, in days of lateness; NULL where so much is never
        expected: nothing says when it comes.
        """
        candidates = SQL(", ").join(
            SQL(
                """
                CASE WHEN paid.rate > 0
                     -- No day where the company's curve does not come so far.
                     THEN NULLIF(GREATEST(since, COALESCE(company.days[width_bucket(
                              1 - (paid.most - %(point)s) / paid.rate - %(tiny)s,
                              company.share) + 1], 'Infinity')), 'Infinity')
                     WHEN paid.most >= %(point)s - %(tiny)s THEN since END AS %(name)s
                """,
                point=point,
                tiny=TINY,
                name=SQL.identifier(name),
            )
            for name, point in POINTS.items()
        )
        return SQL(
            """
            SELECT number, %(points)s
              FROM (
                SELECT step.number, step.since, step.until, %(candidates)s
                  FROM (%(steps)s) step
                  JOIN expect_spot spot ON spot.number = step.number
                  LEFT JOIN expect_company company
                    ON company.company_id = spot.company_id
                   AND company.is_disputed = spot.is_disputed
                 CROSS JOIN LATERAL (
                    SELECT spot.rate + behind.rate AS rate,
                           step.own + spot.rate * spot.start + behind.rate * spot.last_start AS most
                      FROM (SELECT CASE WHEN step.since >= spot.last THEN spot.last_rate ELSE 0 END
                                       AS rate) behind
                       ) paid
                   ) candidate
             GROUP BY number
            """,
            points=SQL(", ").join(
                SQL(
                    "MIN(%(name)s) FILTER (WHERE until IS NULL OR %(name)s < until) AS %(name)s",
                    name=SQL.identifier(name),
                )
                for name in POINTS
            ),
            candidates=candidates,
            steps=self._get_step_sql(),
        )

    @api.model
    def _get_result_sql(self) -> SQL:
        """A row for each debt: the columns of ``account.receivable.item``, ``today``, ``number``,
        ``plan_id``, and the dates ``low_date``, ``likely_date`` and ``high_date``, empty where
        nothing is left that says when the money comes. A promise that runs takes their place.
        """
        return SQL(
            """
            SELECT debt.number, debt.plan_id, debt.company_id, debt.partner_id, debt.line_id,
                   debt.move_id, debt.root_line_id, debt.root_move_id, debt.is_document,
                   debt.is_disputed, debt.due_date, debt.amount, debt.today, debt.age,
                   debt.promise_date,
                   %(dates)s
              FROM expect_debt debt
              JOIN expect_point point ON point.number = debt.number
            """,
            dates=SQL(", ").join(
                SQL(
                    """
                    CASE WHEN debt.promise_date IS NOT NULL
                         THEN GREATEST(debt.promise_date, debt.today)
                         ELSE debt.due_date + point.%s::int END AS %s
                    """,
                    SQL.identifier(name),
                    SQL.identifier(f"{name}_date"),
                )
                for name in POINTS
            ),
        )
