from odoo import fields, models
from odoo.tools import SQL, formatLang

from odoo.addons.crm_customer_health.figure import MEASURED, Figure

from .account_move_line import COST_GROUP


class CrmCustomerHealth(models.Model):
    """The margin is a measure of the health score, the value tier a figure of the customer."""

    _inherit = "crm.customer.health"

    margin_rate = fields.Float(
        digits=(16, 4),
        readonly=True,
        aggregator="avg",
        groups=COST_GROUP,
        help="Margin of a year by revenue, of what has a known cost.",
        figure=MEASURED,
    )
    margin_measure = fields.Float(
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        groups=COST_GROUP,
        help="0 to 100: the margin, against the best margin of the policy.",
        figure=MEASURED,
    )
    value_tier = fields.Selection(
        [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")],
        readonly=True,
        index=True,
        help="By share of the expected value of all customers: A the first half, B up to 80 %, C up"
        " to 95 %, D the rest.",
        figure=Figure("CASE WHEN is_unscored IS NULL THEN value_tier END"),
    )

    def action_view_value(self):
        """Open what the customer is worth in the company of the row."""
        self.ensure_one()
        return self.partner_id.with_company(self.company_id).action_view_value()

    def _get_fact_relations(self, scope):
        return super()._get_fact_relations(scope) | {"health_value": self._get_value_sql(scope)}

    def _get_joined_facts(self):
        return [*super()._get_joined_facts(), "health_value"]

    def _get_value_sql(self, scope) -> SQL:
        """Today: as the last night found it. For a past day the margin as it was then; who was
        expected to be worth what is not known any more.
        """
        values = self.env["crm.customer.value"]
        if not scope.as_of:
            values.flush_model()
            return SQL(
                "SELECT company_id, partner_id, margin_rate, value_tier FROM crm_customer_value"
            )
        return SQL(
            """
            SELECT company_id, partner_id, margin / NULLIF(costed_revenue, 0) AS margin_rate,
                   NULL::varchar AS value_tier
              FROM (%s) sold
            """,
            values._get_sold_sql(SQL("SELECT company_id, as_of FROM health_basis"), scope.partners),
        )

    def _get_measures(self):
        """Nothing of whom no cost is known; a loss counts 0."""
        return super()._get_measures() | {
            "margin": SQL(
                "CASE WHEN fact.margin_rate IS NOT NULL THEN LEAST(100, GREATEST(0,"
                " 10000 * fact.margin_rate::numeric"
                " / NULLIF((SELECT margin_full_rate FROM health_basis margin_basis"
                " WHERE margin_basis.company_id = fact.company_id), 0)::numeric)) END"
            )
        }

    def _get_measure_reasons(self):
        return super()._get_measure_reasons() | {"margin": self._get_margin_reason()}

    def _get_margin_reason(self) -> str:
        """Only for who may see margins."""
        if not self.env.user.has_group(COST_GROUP) or not self.margin_measure:
            return ""
        return self.env._(
            "Earns a margin of %(rate)s %% of its revenue.",
            rate=formatLang(self.env, self.margin_rate * 100, digits=0),
        )
