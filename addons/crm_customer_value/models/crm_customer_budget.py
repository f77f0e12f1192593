from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.crm_customer_health.models.crm_customer_health.judgement import (
    QUANTILES,
    RFM_SEGMENT,
)


class CrmCustomerBudget(models.Model):
    """What a company expects to sell in a year, by segment of customers and month.

    Proposed from the company's own history, then changed by hand; scenarios stand side by side. The
    customers of each segment are kept: actual figures are theirs, whatever becomes of them.
    """

    _name = "crm.customer.budget"
    _description = "Budget by Segment of Customers"
    _order = "year desc, name, id"

    name = fields.Char("Scenario", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    year = fields.Integer(
        required=True, default=lambda self: fields.Date.context_today(self).year + 1
    )
    proposed_on = fields.Date(readonly=True, copy=False)
    line_ids = fields.One2many("crm.customer.budget.line", "budget_id", copy=True)
    revenue = fields.Monetary(compute="_compute_totals")
    margin = fields.Monetary(compute="_compute_totals")

    _name_uniq = models.Constraint(
        "UNIQUE (company_id, year, name)", "This scenario is there already."
    )

    @api.depends("line_ids.revenue", "line_ids.margin")
    def _compute_totals(self):
        for budget in self:
            budget.revenue = sum(budget.line_ids.mapped("revenue"))
            budget.margin = sum(budget.line_ids.mapped("margin"))

    @api.constrains("year")
    def _check_year(self):
        for budget in self:
            if not 2000 <= budget.year <= 2100:
                raise ValidationError(self.env._("The year is between 2000 and 2100."))

    def action_propose(self):
        """Write what the models propose, in the place of what was there."""
        self.check_access("write")
        for budget in self:
            budget._propose()

    def action_view_report(self):
        """Budget against actual, this scenario."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_customer_value.crm_customer_budget_report_action"
        )
        return {**action, "domain": [("budget_id", "=", self.id)]}

    # Proposing ---------------------------------------------------------------------------------

    def _get_base_day(self) -> date:
        """What was known when the year began, or today."""
        return min(self.company_id._get_today(), date(self.year, 1, 1))

    def _propose(self):
        self.env.flush_all()
        base_day = self._get_base_day()
        self.env.cr.execute(
            SQL("DELETE FROM crm_customer_budget_customer WHERE budget_id = %s", self.id)
        )
        self.env.cr.execute(
            SQL(
                """
                WITH %s
                INSERT INTO crm_customer_budget_customer (budget_id, partner_id, segment)
                SELECT %s, partner_id, segment FROM now
                """,
                self._get_relations_sql(base_day),
                self.id,
            )
        )
        rows = self._get_buyers(base_day) + self._get_contracts()
        if not rows:
            raise UserError(
                self.env._("There are no invoices before %(day)s to propose from.", day=base_day)
            )
        shares = self._get_month_shares(base_day)
        self.line_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "month": date(self.year, month, 1),
                        "segment": row["segment"],
                        "customer_count": row["customers"],
                        "purchase_count": row["purchases"] * share,
                        "average_amount": row["amount"] / row["purchases"]
                        if row["purchases"]
                        else 0.0,
                        "margin_rate": row["margin_rate"] or 0.0,
                        "proposed_revenue": row["amount"] * share,
                        "revenue": row["amount"] * share,
                    }
                )
                for row in rows
                for month, share in enumerate(shares, start=1)
            ),
        ]
        self.proposed_on = self.company_id._get_today()
        self.env["crm.customer.budget.customer"].invalidate_model()

    def _get_relations_sql(self, base_day: date) -> SQL:
        """Customers by recency and frequency, now and a year before, and what those of then bought
        since: ``cell`` (both days), ``now`` (of the base day, with the segment), ``bought``.
        """
        company = self.company_id
        before = base_day - relativedelta(years=1)
        cuts = SQL("ARRAY[%s]::float8[]", SQL(", ").join(SQL("%s", cut) for cut in QUANTILES))
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        return SQL(
            """
            tagged AS (
                SELECT partner_id FROM res_partner_res_partner_category_rel
                 WHERE category_id = ANY(%(categories)s)
            ),
            purchase AS (
                -- The customer of today: invoices keep the one that they were posted for.
                SELECT partner.commercial_partner_id AS partner_id, move.invoice_date AS date,
                       move.amount_untaxed_signed AS amount,
                       move.move_type != 'out_refund' AS is_purchase
                  FROM account_move move
                  JOIN res_partner partner ON partner.id = move.commercial_partner_id
                 WHERE move.state = 'posted'
                   AND move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
                   AND move.company_id = %(company)s
                   AND move.invoice_date < %(base_day)s::date
                   AND partner.commercial_partner_id NOT IN (SELECT partner_id FROM tagged)
            ),
            state AS (
                SELECT day.day, partner_id, day.day - MAX(date) AS recency,
                       COUNT(*) FILTER (WHERE date >= day.day - INTERVAL '12 months') AS frequency
                  FROM purchase
                  JOIN (VALUES (%(base_day)s::date), (%(before)s::date)) day (day)
                    ON date < day.day
                 WHERE is_purchase
                 GROUP BY day.day, partner_id
            ),
            cut AS (
                SELECT day, PERCENTILE_CONT(%(cuts)s) WITHIN GROUP (ORDER BY recency) AS recency,
                       PERCENTILE_CONT(%(cuts)s) WITHIN GROUP (ORDER BY frequency) AS frequency
                  FROM state
                 GROUP BY day
            ),
            cell AS (
                SELECT state.day, partner_id,
                       5 - (SELECT COUNT(*) FROM UNNEST(cut.recency) point
                             WHERE state.recency > point) AS rfm_recency,
                       1 + (SELECT COUNT(*) FROM UNNEST(cut.frequency) point
                             WHERE state.frequency > point) AS rfm_frequency
                  FROM state
                  JOIN cut ON cut.day = state.day
            ),
            now AS (
                SELECT *, %(segment)s AS segment FROM cell WHERE day = %(base_day)s
            ),
            bought AS (
                SELECT partner_id, COUNT(*) FILTER (WHERE is_purchase) AS purchases,
                       SUM(amount) AS amount
                  FROM purchase
                 WHERE date >= %(before)s
                 GROUP BY partner_id
            )
            """,
            categories=policy.contract_category_ids.ids,
            company=company.id,
            base_day=base_day,
            before=before,
            cuts=cuts,
            segment=SQL(RFM_SEGMENT),
        )

    def _get_buyers(self, base_day: date) -> list[dict]:
        """Repeat buyers by segment: customers of a cell x purchases that those who were in the cell
        a year ago made since x what such a purchase brought, net of credit notes. A cell that was
        empty counts like all cells.
        """
        sold = self.env["crm.customer.value"]._get_sold_sql(
            SQL("SELECT %s AS company_id, %s::date AS as_of", self.company_id.id, base_day)
        )
        return self.env.execute_query_dict(
            SQL(
                """
                WITH %(relations)s,
                history AS (
                    SELECT rfm_recency, rfm_frequency, COUNT(*)::numeric AS customers,
                           COALESCE(SUM(purchases), 0) AS purchases,
                           COALESCE(SUM(amount), 0) AS amount
                      FROM cell
                      LEFT JOIN bought USING (partner_id)
                     WHERE day < %(base_day)s
                     GROUP BY rfm_recency, rfm_frequency
                ),
                overall AS (
                    SELECT COALESCE((SELECT SUM(purchases) / SUM(customers) FROM history),
                                    (SELECT SUM(purchases) FROM bought)
                                    / NULLIF((SELECT COUNT(*) FROM now), 0), 0) AS rate,
                           COALESCE((SELECT SUM(amount) / NULLIF(SUM(purchases), 0) FROM history),
                                    (SELECT SUM(amount) / NULLIF(SUM(purchases), 0) FROM bought),
                                    0) AS average
                ),
                sold AS (%(sold)s),
                expected AS (
                    SELECT now.partner_id, now.segment,
                           COALESCE(history.purchases / history.customers, overall.rate) AS rate,
                           CASE WHEN history.customers IS NULL THEN overall.average
                                ELSE COALESCE(history.amount / NULLIF(history.purchases, 0), 0)
                           END AS average
                      FROM now
                      LEFT JOIN history USING (rfm_recency, rfm_frequency)
                     CROSS JOIN overall
                )
                SELECT segment, COUNT(*)::int AS customers, SUM(rate)::float8 AS purchases,
                       SUM(rate * average)::float8 AS amount,
                       COALESCE(SUM(sold.margin) / NULLIF(SUM(sold.costed_revenue), 0),
                                (SELECT SUM(margin) / NULLIF(SUM(costed_revenue), 0) FROM sold)
                               )::float8 AS margin_rate
                  FROM expected
                  LEFT JOIN sold USING (partner_id)
                 GROUP BY segment
                 ORDER BY segment
                """,
                relations=self._get_relations_sql(base_day),
                base_day=base_day,
                sold=sold,
            )
        )

    def _get_contracts(self) -> list[dict]:
        """Customers under contract: base x retention x purchases a year x price, as the nightly
        computation found them.
        """
        values = self.env["crm.customer.value"].search(
            [("company_id", "=", self.company_id.id), ("is_contract", "=", True)]
        )
        if not values:
            return []
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_budget_customer (budget_id, partner_id, segment)
                SELECT %s, UNNEST(%s), 'contract'
                """,
                self.id,
                values.partner_id.ids,
            )
        )
        costed = sum(values.mapped("costed_revenue"))
        return [
            {
                "segment": "contract",
                "customers": len(values),
                "purchases": sum(values.mapped("expected_purchases")),
                "amount": sum(value.expected_purchases * value.mean_spend for value in values),
                "margin_rate": sum(values.mapped("margin")) / costed if costed else 0.0,
            }
        ]

    def _get_month_shares(self, base_day: date) -> list[float]:
        """The months' shares of the revenue of the year before; equal without one."""
        rows = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT EXTRACT(MONTH FROM invoice_date)::int, SUM(amount_untaxed_signed)
                      FROM account_move
                     WHERE state = 'posted'
                       AND move_type IN ('out_invoice', 'out_receipt', 'out_refund')
                       AND company_id = %s
                       AND invoice_date >= %s AND invoice_date < %s
                     GROUP BY 1
                    """,
                    self.company_id.id,
                    base_day - relativedelta(years=1),
                    base_day,
                )
            )
        )
        amounts = [max(0.0, float(rows.get(month) or 0)) for month in range(1, 13)]
        total = sum(amounts)
        return [amount / total for amount in amounts] if total else [1 / 12] * 12
