from odoo import fields, models
from odoo.tools import SQL


class CrmCommissionEvent(models.Model):
    _name = "crm.commission.event"
    _inherit = ["crm.commission.event", "crm.commission.margin"]

    # What one user sees is not what another one does in the same transaction.
    base = fields.Monetary(depends_context=["uid"])
    rate = fields.Float(depends_context=["uid"])

    def _get_own_base_sql(self):
        """Of plans of margins: what is left of the sale after its frozen cost. Lines of which
        nobody knows the cost count for nothing until it is known.
        """
        return SQL(
            "CASE WHEN plan.measure = 'margin' THEN (%s) ELSE %s END",
            self._get_item_sum_sql(
                SQL("-item.balance - frozen.cost"),
                SQL("JOIN account_invoice_cost frozen ON frozen.line_id = item.id"),
            ),
            super()._get_own_base_sql(),
        )
