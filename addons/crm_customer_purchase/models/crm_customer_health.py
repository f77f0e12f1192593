from odoo import api, models
from odoo.tools import SQL

from odoo.addons.crm_customer_health.changes import CustomersRefreshed


class CrmCustomerHealth(models.Model):
    """How broad a customer's purchases are, and that its purchases follow its invoices."""

    _name = "crm.customer.health"
    _inherit = ["crm.customer.health", "crm.customer.purchase.panel"]

    @api.depends("partner_id", "company_id")
    def _compute_purchase_panel(self):
        return super()._compute_purchase_panel()

    @api.depends("partner_id", "company_id")
    def _compute_suggestion_ids(self):
        return super()._compute_suggestion_ids()

    def _get_fact_relations(self, scope):
        return super()._get_fact_relations(scope) | {
            "health_purchase": self._get_purchase_sql(scope)
        }

    def _get_joined_facts(self):
        return [*super()._get_joined_facts(), "health_purchase"]

    def action_view_purchases(self):
        """Open what the customer buys, product by product."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_customer_purchase.crm_customer_purchase_action"
        )
        return {
            **action,
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.partner_id.id),
            ],
            "context": {},
        }

    def _get_purchase_sql(self, scope) -> SQL:
        """The number of products and categories, the main category and the concentration.

        Of a year, and of what was bought in it: a product of which more was returned does not
        count.
        """
        lines = self.env["crm.customer.purchase.line"]._get_line_sql(
            scope,
            until=SQL("basis.as_of"),
            since=SQL("basis.year_start"),
            join=SQL("JOIN health_basis basis ON basis.company_id = line.company_id"),
        )
        return SQL(
            """
            SELECT company_id, partner_id,
                   COUNT(*) AS product_count,
                   COUNT(DISTINCT categ_id) AS category_count,
                   SUM(amount * amount) / (SUM(amount) * SUM(amount)) AS product_concentration,
                   (ARRAY_AGG(categ_id ORDER BY categ_amount DESC, categ_id)
                       FILTER (WHERE categ_id IS NOT NULL))[1] AS main_category_id
              FROM (
                SELECT *, SUM(amount) OVER (
                           PARTITION BY company_id, partner_id, categ_id) AS categ_amount
                  FROM (
                    SELECT company_id, partner_id, product_id, categ_id, SUM(amount) AS amount
                      FROM (%s) line
                     GROUP BY company_id, partner_id, product_id, categ_id
                    HAVING SUM(amount) > 0
                       ) product
                   ) product
             GROUP BY company_id, partner_id
            """,
            lines,
        )

    def _flush_sources(self):
        result = super()._flush_sources()
        self.env["crm.customer.purchase.line"]._flush_sources()
        return result

    @api.model
    def _on_customers_refreshed(self, changes: CustomersRefreshed):
        """What changed customers buy follows at once; that of all by a scheduled action."""
        result = super()._on_customers_refreshed(changes)
        purchases = self.env["crm.customer.purchase"].sudo()  # nobody may write them
        if changes.partners is None:
            purchases._ask_for_all(changes.companies)
        else:
            purchases._refresh(changes.companies, changes.partners)
        return result
