from odoo import models
from odoo.tools import SQL

#: Fields that have another name on the customer's row.
COLUMNS_OF_HEALTH = {
    "health_currency_id": "currency_id",
    "health_id": "id",
    "health_overdue_amount": "overdue_amount",
}


class CrmLead(models.Model):
    """An opportunity shows the health of its customer and is grouped by it."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.customer.health.mixin"]

    def _field_to_sql(self, alias, field_expr, query=None):
        """Grouped and sorted by the customer's health as by fields of their own."""
        field = self._fields.get(field_expr)
        if query is None or not field or field.compute != "_compute_health":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(field, "read")
        health = self.env["crm.customer.health"]
        __, partner_alias = self._fields["partner_id"].join(self, alias, query)
        health_alias = health._join_customers(
            query,
            alias,
            partner=SQL.identifier(partner_alias, "commercial_partner_id"),
            company=SQL(
                "COALESCE(%s, %s)", SQL.identifier(alias, "company_id"), self.env.company.id
            ),
        )
        name = COLUMNS_OF_HEALTH.get(field_expr, field_expr)
        return health._field_to_sql(health_alias, name, query)
