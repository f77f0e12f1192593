from odoo import fields, models
from odoo.tools import SQL


class CrmServiceDriver(models.Model):
    """A customer that is flagged makes somebody call and write."""

    _inherit = "crm.service.driver"

    kind = fields.Selection(
        selection_add=[("flag", "Flag of an Overdue Customer")], ondelete={"flag": "cascade"}
    )

    def _get_event_sql(self) -> SQL | None:
        """A flag counts on the day on which it was made, once, however long it is open."""
        if self.kind != "flag":
            return super()._get_event_sql()
        return SQL(
            """
            SELECT company_id, partner_id, flagged_on AS date, 1 AS quantity
              FROM crm_customer_flag
             WHERE company_id = %s
            """,
            self.company_id.id,
        )
