from odoo import models
from odoo.tools import SQL


class CrmCustomerHealth(models.Model):
    _inherit = "crm.customer.health"

    def _get_fact_relations(self, scope):
        return super()._get_fact_relations(scope) | {
            "health_largest": SQL(
                """
                SELECT company_id, partner_id, MAX(amount) AS largest_open_amount
                  FROM health_item
                 WHERE amount > 0
                 GROUP BY company_id, partner_id
                """
            )
        }

    def _get_joined_facts(self):
        return [*super()._get_joined_facts(), "health_largest"]
