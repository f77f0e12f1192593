from odoo import fields, models
from odoo.tools import SQL


class CrmServiceDriver(models.Model):
    """Somebody must decide whether an order or a delivery of a customer on hold may pass."""

    _inherit = "crm.service.driver"

    kind = fields.Selection(
        selection_add=[("hold_override", "Hold Override")],
        ondelete={"hold_override": "cascade"},
    )

    def _get_event_sql(self) -> SQL | None:
        """Each override that is in the log counts, on its day."""
        if self.kind != "hold_override":
            return super()._get_event_sql()
        return SQL(
            """
            SELECT company_id, partner_id, %(day)s AS date, 1 AS quantity
              FROM crm_customer_hold_override
             WHERE company_id = %(company)s
            """,
            day=self._get_day_sql(SQL("create_date")),
            company=self.company_id.id,
        )
