import math
import random
from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from ..lifetime import bgnbd, contract, gamma_gamma
from .crm_customer_value_model import ENOUGH_REPEAT_BUYERS

#: So many customers are enough to fit on.
SAMPLE = 20_000
WEEKS_A_YEAR = 52
#: What was bought in fewer weeks is no habit yet: it is spread over these.
WEEKS_A_QUARTER = 13
#: Up to these shares of the expected value of all customers.
TIERS = (("a", 0.5), ("b", 0.8), ("c", 0.95), ("d", 1.0))
#: What is computed in Python and stored.
COMPUTED = {
    "method": "varchar",
    "probability_alive": "float8",
    "expected_purchases": "float8",
    "expected_spend": "numeric",
    "expected_value": "numeric",
    "value_tier": "varchar",
}


class CrmCustomerValue(models.Model):
    """What a customer was worth, and is expected to be: a row per company and customer, computed
    every night on the company's own invoices.
    """

    _name = "crm.customer.value"
    _inherit = ["crm.customer.figures"]
    _description = "Value of a Customer"
    _order = "expected_value desc, id"
    _log_access = False

    # A year
    revenue = fields.Monetary(
        "Revenue (12 Months)", readonly=True, help="Untaxed, less credit notes."
    )
    costed_revenue = fields.Monetary(
        "Of Known Cost", readonly=True, help="Part of the revenue of which the cost is known."
    )
    margin = fields.Monetary(
        "Margin (12 Months)", readonly=True, help="Revenue of known cost less cost."
    )
    margin_rate = fields.Float(
        readonly=True,
        digits=(16, 4),
        aggregator="avg",
        help="Margin by revenue of known cost; empty where no cost is known.",
    )
    service_amount = fields.Monetary("Cost to Serve (12 Months)", readonly=True)
    profit = fields.Monetary("Profit (12 Months)", readonly=True, help="Margin less cost to serve.")

    # History
    purchase_count = fields.Integer(
        "Purchases", readonly=True, help="Days with an invoice or receipt, of all time."
    )
    last_week = fields.Integer(
        "Last Purchase (Week)", readonly=True, help="Weeks from the first purchase to the last."
    )
    age_weeks = fields.Integer(
        "Known for (Weeks)", readonly=True, help="Weeks from the first purchase until today."
    )
    mean_spend = fields.Monetary(
        "Mean Purchase", readonly=True, aggregator="avg", help="Untaxed mean of all purchases."
    )
    first_invoice_date = fields.Date("First Invoice", readonly=True)
    invoiced_total = fields.Monetary(
        "Invoiced", readonly=True, help="Untaxed, less credit notes, of all time."
    )
    paid_total = fields.Monetary(
        "Paid", readonly=True, help="Money received for invoices, of all time, with taxes."
    )
    margin_total = fields.Monetary(
        "Margin", readonly=True, help="Revenue of known cost less cost, of all time."
    )
    source_id = fields.Many2one(
        "utm.source", readonly=True, help="Of the first opportunity that has one."
    )
    medium_id = fields.Many2one("utm.medium", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    past_value = fields.Monetary(
        readonly=True,
        help="What was received from the customer, dated when it came, less known costs and cost to"
        " serve; with interest until today at the discount rate.",
    )

    # Expected
    is_contract = fields.Boolean("Under Contract", readonly=True)
    method = fields.Selection(
        [("fitted", "BG/NBD"), ("means", "Means"), ("contract", "Contract")],
        readonly=True,
        help="How the expected value was found. Means: fewer than 50 repeat buyers, or the data do"
        " not tell when customers leave.",
    )
    probability_alive = fields.Float(
        "Still Buys",
        readonly=True,
        digits=(16, 4),
        aggregator="avg",
        help="Chance that the customer still buys, 0 to 1; none with a single purchase.",
    )
    expected_purchases = fields.Float(
        readonly=True, digits=(16, 3), help="Purchases expected in the next twelve months."
    )
    expected_spend = fields.Monetary(
        "Expected Purchase", readonly=True, aggregator="avg", help="Untaxed, of one purchase."
    )
    expected_value = fields.Monetary(
        readonly=True,
        help="Present value of the margins expected within the horizon, before cost to serve. Where"
        " no margin is known at all, of the revenue.",
    )
    value_tier = fields.Selection(
        [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")],
        readonly=True,
        index=True,
        help="By share of the expected value of all customers: A the first half, B up to 80 %, C up"
        " to 95 %, D the rest.",
    )

    _customer_uniq = models.Constraint(
        "UNIQUE (company_id, partner_id)", "A customer has one value in a company."
    )

    # Facts -------------------------------------------------------------------------------------

    @api.model
    def _get_sold_sql(self, days: SQL, partners=None) -> SQL:
        """Revenue and margin of the year before a day, by company and customer.

        :param days: ``SELECT company_id, as_of``.
        """
        is_wanted = SQL("TRUE")
        if partners is not None:
            is_wanted = SQL(
                """
                line.partner_id IN (SELECT id FROM res_partner
                                     WHERE commercial_partner_id = ANY(%s))
                """,
                list(partners.ids),
            )
        return SQL(
            """
            SELECT line.company_id, partner.commercial_partner_id AS partner_id,
                   -SUM(line.balance) AS revenue,
                   COALESCE(-SUM(line.balance) FILTER (WHERE frozen.cost IS NOT NULL), 0)
                       AS costed_revenue,
                   COALESCE(SUM(-line.balance - frozen.cost), 0)
                       AS margin
              FROM account_move_line line
              LEFT JOIN account_invoice_cost frozen ON frozen.line_id = line.id
              JOIN (%(days)s) day ON day.company_id = line.company_id
              JOIN account_move move ON move.id = line.move_id
              JOIN res_partner partner ON partner.id = line.partner_id
             WHERE line.display_type = 'product'
               AND line.parent_state = 'posted'
               AND line.invoice_date > (day.as_of - INTERVAL '12 months')::date
               AND line.invoice_date <= day.as_of
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND %(is_wanted)s
             GROUP BY line.company_id, partner.commercial_partner_id
            """,
            days=days,
            is_wanted=is_wanted,
        )

    def _get_fact_sql(self, policy) -> SQL:
        """What the books say of each customer of a company that ever bought."""
        company = policy.company_id
        today = company._get_today()
        base = 1 + policy.value_discount_rate / 100
        return SQL(
            """
            WITH sold AS (%(sold)s),
            purchase AS (
                SELECT partner_id, COUNT(*) FILTER (WHERE is_purchase) AS purchase_count,
                       MIN(date) FILTER (WHERE is_purchase) AS first,
                       MAX(date) FILTER (WHERE is_purchase) AS last,
                       -- What was credited was not spent.
                       GREATEST(SUM(amount), 0) / COUNT(*) FILTER (WHERE is_purchase)
                           AS mean_spend
                  FROM (
                    -- The customer of today: invoices keep the one that they were posted for.
                    SELECT partner.commercial_partner_id AS partner_id, move.invoice_date AS date,
                           SUM(move.amount_untaxed_signed) AS amount,
                           BOOL_OR(move.move_type != 'out_refund') AS is_purchase
                      FROM account_move move
                      JOIN res_partner partner ON partner.id = move.commercial_partner_id
                     WHERE move.state = 'posted'
                       AND move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
                       AND move.company_id = %(company)s AND move.invoice_date <= %(today)s
                     GROUP BY partner.commercial_partner_id, move.invoice_date
                       ) day
                 GROUP BY partner_id
                HAVING BOOL_OR(is_purchase)
            ),
            served AS (
                SELECT partner_id,
                       SUM(amount) FILTER (WHERE month > %(today)s - INTERVAL '12 months')
                           AS service_amount,
                       SUM(amount * POWER(%(base)s, (%(today)s - month) / 365.0)) AS value
                  FROM crm_customer_service
                 WHERE company_id = %(company)s
                 GROUP BY partner_id
            ),
            paid AS (
                SELECT partner.commercial_partner_id AS partner_id,
                       SUM(settlement.amount) AS total,
                       SUM(settlement.amount
                           * POWER(%(base)s, (%(today)s - settlement.settlement_date) / 365.0))
                           AS value
                  FROM (%(settlements)s) settlement
                  JOIN res_partner partner ON partner.id = settlement.partner_id
                 WHERE settlement.company_id = %(company)s
                   AND settlement.parent_state = 'posted'
                   AND settlement.kind = 'payment'
                   AND settlement.settlement_date <= %(today)s
                 GROUP BY partner.commercial_partner_id
            ),
            spent AS (
                SELECT partner.commercial_partner_id AS partner_id,
                       -SUM(line.balance) AS invoiced_total,
                       SUM(-line.balance - frozen.cost) AS margin_total,
                       SUM(frozen.cost * POWER(%(base)s, (%(today)s - line.invoice_date) / 365.0))
                           AS value
                  FROM account_move_line line
                  LEFT JOIN account_invoice_cost frozen ON frozen.line_id = line.id
                  JOIN res_partner partner ON partner.id = line.partner_id
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.company_id = %(company)s AND line.display_type = 'product'
                   AND line.parent_state = 'posted' AND line.invoice_date <= %(today)s
                   AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                 GROUP BY partner.commercial_partner_id
            ),
            origin AS (
                SELECT DISTINCT ON (partner.commercial_partner_id)
                       partner.commercial_partner_id AS partner_id, lead.source_id,
                       lead.medium_id, lead.campaign_id
                  FROM crm_lead lead
                  JOIN res_partner partner ON partner.id = lead.partner_id
                 WHERE COALESCE(lead.source_id, lead.medium_id, lead.campaign_id) IS NOT NULL
                   AND COALESCE(lead.company_id, %(company)s) = %(company)s
                 ORDER BY partner.commercial_partner_id, lead.create_date, lead.id
            ),
            tagged AS (
                SELECT partner_id FROM res_partner_res_partner_category_rel
                 WHERE category_id = ANY(%(categories)s)
            )
            SELECT purchase.partner_id,
                   COALESCE(sold.revenue, 0) AS revenue,
                   COALESCE(sold.costed_revenue, 0) AS costed_revenue,
                   COALESCE(sold.margin, 0) AS margin,
                   ROUND(sold.margin / NULLIF(sold.costed_revenue, 0), 4) AS margin_rate,
                   COALESCE(served.service_amount, 0) AS service_amount,
                   COALESCE(sold.margin, 0) - COALESCE(served.service_amount, 0) AS profit,
                   purchase.purchase_count,
                   ROUND((purchase.last - purchase.first) / 7.0)::int AS last_week,
                   GREATEST(1, ROUND((%(today)s - purchase.first) / 7.0))::int AS age_weeks,
                   ROUND(purchase.mean_spend, 2) AS mean_spend,
                   purchase.first AS first_invoice_date,
                   COALESCE(spent.invoiced_total, 0) AS invoiced_total,
                   COALESCE(paid.total, 0) AS paid_total,
                   COALESCE(spent.margin_total, 0) AS margin_total,
                   origin.source_id, origin.medium_id, origin.campaign_id,
                   ROUND((COALESCE(paid.value, 0) - COALESCE(spent.value, 0)
                          - COALESCE(served.value, 0))::numeric, 2) AS past_value,
                   purchase.partner_id IN (SELECT partner_id FROM tagged) AS is_contract,
                   purchase.partner_id IN (SELECT id FROM res_partner WHERE is_unscored)
                       AS is_unscored
              FROM purchase
              LEFT JOIN sold ON sold.partner_id = purchase.partner_id
              LEFT JOIN served ON served.partner_id = purchase.partner_id
              LEFT JOIN paid ON paid.partner_id = purchase.partner_id
              LEFT JOIN spent ON spent.partner_id = purchase.partner_id
              LEFT JOIN origin ON origin.partner_id = purchase.partner_id
            """,
            sold=self._get_sold_sql(
                SQL("SELECT %s AS company_id, %s::date AS as_of", company.id, today)
            ),
            settlements=self.env["account.receivable.settlement"]._get_settlement_sql(
                Scope(companies=company)
            ),
            company=company.id,
            today=SQL("%s::date", today),
            base=SQL("%s::float8", base),
            categories=policy.contract_category_ids.ids,
        )

    # Computing ---------------------------------------------------------------------------------

    @api.model
    def _cron_compute(self):
        """Fit the models and compute all customers, a company at a time."""
        policies = self.env["crm.customer.health.policy"]
        policies = policies._get_policy(policies._get_companies())
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(policies))
        for policy in policies:
            self._compute_company(policy)
            if not commit_progress(1):
                break

    @api.model
    def _compute_company(self, policy):
        """Compute and store the customers of a company."""
        self.env.flush_all()
        self.env["account.receivable"]._flush()
        rows = self.env.execute_query_dict(self._get_fact_sql(policy))
        model = self._fit(policy, rows)
        self._predict(policy, model, rows)
        self._store(policy.company_id, rows)

    def _fit(self, policy, rows) -> dict:
        """Fit on the company's customers, a seeded sample of them; keep what came out."""
        buyers = [row for row in rows if not row["is_contract"]]
        repeat = [row for row in buyers if row["purchase_count"] > 1]
        revenue = sum(row["costed_revenue"] for row in rows)
        found = {
            "method": "means",
            "reason": "few",
            "fitted_on": policy.company_id._get_today(),
            "customer_count": len(rows),
            "repeat_count": len(repeat),
            "margin_rate": float(sum(row["margin"] for row in rows) / revenue)
            if revenue > 0
            else 0,
            **dict.fromkeys(("r", "alpha", "a", "b", "spend_p", "spend_q", "spend_gamma"), 0.0),
            **dict.fromkeys(("contract_alpha", "contract_beta"), 0.0),
        }
        if len(repeat) >= ENOUGH_REPEAT_BUYERS:
            self._fit_buyers(buyers, found)
        self._fit_contracts([row for row in rows if row["is_contract"]], found)
        model = (
            self.env["crm.customer.value.model"]
            .sudo()  # nobody writes them by hand
            .search([("company_id", "=", policy.company_id.id)])
        )
        if model:
            model.write(found)
        else:
            model.create({"company_id": policy.company_id.id, **found})
        # Zero stands for an unknown margin, too: then the revenue counts.
        return found | {"has_margin": revenue > 0}

    def _fit_buyers(self, buyers, found):
        sample = sorted(buyers, key=lambda row: row["partner_id"])
        if len(sample) > SAMPLE:
            sample = random.Random(0).sample(sample, SAMPLE)
        parameters, __ = bgnbd.fit(
            [(row["purchase_count"] - 1, row["last_week"], row["age_weeks"]) for row in sample]
        )
        found |= parameters._asdict()
        if parameters.is_at_bound():
            found["reason"] = "bound"
            return
        found |= {"method": "fitted", "reason": False}
        spenders = [
            (row["purchase_count"], float(row["mean_spend"]))
            for row in sample
            if row["purchase_count"] > 1 and row["mean_spend"] > 0
        ]
        if len(spenders) >= ENOUGH_REPEAT_BUYERS:
            spend = gamma_gamma.fit(spenders)
            found |= {f"spend_{name}": value for name, value in spend._asdict().items()}

    def _fit_contracts(self, rows, found):
        """Years that contract customers stayed: who was silent for more than a year has left."""
        left, staying = Counter(), Counter()
        for row in rows:
            years = row["age_weeks"] // WEEKS_A_YEAR
            if row["age_weeks"] - row["last_week"] > WEEKS_A_YEAR:
                left[row["last_week"] // WEEKS_A_YEAR + 1] += 1
            elif years:
                staying[years] += 1
        if left and staying:
            parameters = contract.fit(left, staying)
            found |= {f"contract_{name}": value for name, value in parameters._asdict().items()}

    def _predict(self, policy, model, rows):
        """Purchases, spend and value that are expected of each customer, and the tiers; nothing is
        expected of who objected to being scored.
        """
        for row in rows:
            row.update(dict.fromkeys(COMPUTED))
        rows = [row for row in rows if not row["is_unscored"]]
        years = policy.value_horizon_years
        factors = [(1 + policy.value_discount_rate / 100) ** -(year + 0.5) for year in range(years)]
        buyers = [row for row in rows if not row["is_contract"]]
        weeks = sum(row["age_weeks"] for row in buyers)
        mean_rate = sum(row["purchase_count"] - 1 for row in buyers) / weeks if weeks else 0.0
        spend = None
        if model["spend_p"]:
            spend = gamma_gamma.Parameters(model["spend_p"], model["spend_q"], model["spend_gamma"])
        known = {}
        for row in rows:
            margin = self._get_expected_margin(model, row)
            mean = float(row["mean_spend"])
            if row["is_contract"]:
                shares = self._get_contract_shares(model, row, years)
                row["method"], row["probability_alive"] = "contract", shares[0]
                purchases = [
                    row["purchase_count"] / max(row["age_weeks"], WEEKS_A_YEAR) * WEEKS_A_YEAR
                ] * years
                purchases = [
                    number * share for number, share in zip(purchases, shares, strict=True)
                ]
                expected = mean
            else:
                key = (row["purchase_count"] - 1, row["last_week"], row["age_weeks"])
                if key not in known:
                    known[key] = self._get_purchases(model, mean_rate, key, years)
                row["method"], row["probability_alive"], purchases = known[key]
                expected = mean
                if spend and mean > 0:
                    found = gamma_gamma.expected_spend(spend, row["purchase_count"], mean)
                    expected = mean if found is None else found
            row["expected_purchases"] = purchases[0]
            row["expected_spend"] = expected
            row["expected_value"] = (
                margin
                * expected
                * sum(number * factor for number, factor in zip(purchases, factors, strict=True))
            )
        self._set_tiers(rows)

    @api.model
    def _get_expected_margin(self, model, row) -> float:
        """The customer's margin rate for the part of the revenue of which the cost is known, the
        company's for the rest; 1 where the company knows no cost at all.
        """
        if not model["has_margin"]:
            return 1.0
        if row["margin_rate"] is None:
            return model["margin_rate"]
        known = 1.0
        if row["revenue"] > 0:
            known = min(1.0, max(0.0, float(row["costed_revenue"] / row["revenue"])))
        return known * float(row["margin_rate"]) + (1 - known) * model["margin_rate"]

    @api.model
    def _get_purchases(self, model, mean_rate, key, years):
        """Of one kind of customer: the method, the chance to buy still, purchases by year."""
        x, last, age = key
        if model["method"] == "fitted":
            parameters = bgnbd.Parameters(*(model[name] for name in ("r", "alpha", "a", "b")))
            total = [
                bgnbd.expected_purchases(parameters, x, last, age, WEEKS_A_YEAR * year)
                for year in range(years + 1)
            ]
            return (
                "fitted",
                bgnbd.probability_alive(parameters, x, last, age),
                [total[year + 1] - total[year] for year in range(years)],
            )
        if not x:
            return "means", None, [mean_rate * WEEKS_A_YEAR] * years
        # Silent for more than twice the usual interval: lapsed, as the health of a customer says.
        alive = 0.0 if age - last > 2 * max(last / x, 1) else 1.0
        return "means", None, [alive * x / max(age, WEEKS_A_QUARTER) * WEEKS_A_YEAR] * years

    @api.model
    def _get_contract_shares(self, model, row, years):
        """The chance that a contract customer is there in the next years."""
        if row["age_weeks"] - row["last_week"] > WEEKS_A_YEAR:
            return [0.0] * years
        if not model["contract_alpha"]:
            return [1.0] * years
        parameters = contract.Parameters(model["contract_alpha"], model["contract_beta"])
        age = row["age_weeks"] // WEEKS_A_YEAR
        return [contract.retention(parameters, age, year) for year in range(years)]

    @api.model
    def _set_tiers(self, rows):
        """A, B, C, D by cumulated share of the expected value, the largest first."""
        total = math.fsum(max(0.0, row["expected_value"]) for row in rows)
        before = 0.0
        for row in sorted(rows, key=lambda row: (-row["expected_value"], row["partner_id"])):
            value = max(0.0, row["expected_value"])
            row["value_tier"] = "d"
            if value:
                row["value_tier"] = next(
                    tier for tier, share in TIERS if before < share * total or tier == "d"
                )
            before += value

    def _store(self, company, rows):
        """Bring the stored rows in line; the customers' health follows where a tier or margin
        changed.
        """
        names = [name for name in self._get_stored_names() if name != "company_id"]
        arrays = SQL(", ").join(
            SQL(
                "%s::%s[]",
                [row[name] for row in rows],
                SQL(COMPUTED.get(name) or self._fields[name].column_type[1]),
            )
            for name in names
        )
        columns = SQL(", ").join(map(SQL.identifier, names))
        others = [name for name in names if name != "partner_id"]
        self.flush_model()
        changed = self.env.execute_query(
            SQL(
                """
                WITH old AS (
                    SELECT * FROM crm_customer_value WHERE company_id = %(company)s
                ), found AS (
                    SELECT * FROM UNNEST(%(arrays)s) found (%(columns)s)
                ), gone AS (
                    DELETE FROM crm_customer_value value
                     WHERE company_id = %(company)s
                       AND partner_id NOT IN (SELECT partner_id FROM found)
                ), written AS (
                    INSERT INTO crm_customer_value AS value (company_id, %(columns)s)
                    SELECT %(company)s, found.* FROM found
                    ON CONFLICT (company_id, partner_id) DO UPDATE SET (%(others)s) = (%(excluded)s)
                     WHERE (%(stored)s) IS DISTINCT FROM (%(excluded)s)
                )
                SELECT 1
                  FROM found
                  LEFT JOIN old ON old.partner_id = found.partner_id
                 WHERE (old.value_tier, old.margin_rate)
                       IS DISTINCT FROM (found.value_tier, found.margin_rate)
                 LIMIT 1
                """,
                company=company.id,
                arrays=arrays,
                columns=columns,
                others=SQL(", ").join(map(SQL.identifier, others)),
                stored=SQL(", ").join(SQL.identifier("value", name) for name in others),
                excluded=SQL(", ").join(SQL.identifier("excluded", name) for name in others),
            )
        )
        self.invalidate_model()
        if changed:
            self.env["account.receivable.change"]._collect_keys(
                "crm.customer.health", [(company.id, 0)]
            )

    @api.model
    def _get_stored_names(self) -> list[str]:
        return [name for name, field in self._fields.items() if field.store and name != "id"]
