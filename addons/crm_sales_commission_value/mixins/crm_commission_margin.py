from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_customer_value.models.account_move_line import COST_GROUP

#: What says what was earned on a sale.
_HIDDEN = {"base", "rate"}


class CrmCommissionMargin(models.AbstractModel):
    """Rows of commission whose base is a margin: base and rate are for those who see margins.

    Everybody else finds them empty, however he asks: the columns themselves are empty for him when
    they are read, searched, sorted, grouped or exported. The commission is everybody's to see who
    sees the row.
    """

    _name = "crm.commission.margin"
    _description = "Commission by Margin"

    plan_id = fields.Many2one("crm.commission.plan", readonly=True)
    is_margin_hidden = fields.Boolean(
        "Margin Is Hidden",
        compute="_compute_is_margin_hidden",
        help="Base and rate are for those who see margins.",
    )

    @api.depends_context("uid")
    @api.depends("plan_id")
    def _compute_is_margin_hidden(self):
        sees = self._sees_margins()
        for record in self:
            # Whoever earns by a plan of margins may not see the plan.
            record.is_margin_hidden = not sees and record.plan_id.sudo().measure == "margin"

    @api.model
    def _sees_margins(self) -> bool:
        return self.env.su or self.env.user.has_group(COST_GROUP)

    def _field_to_sql(self, alias, field_expr, query=None) -> SQL:
        column = super()._field_to_sql(alias, field_expr, query)
        if field_expr not in _HIDDEN or self._sees_margins():
            return column
        return SQL(
            """
            CASE WHEN %s NOT IN (SELECT id FROM crm_commission_plan WHERE measure = 'margin')
                 THEN %s END
            """,
            super()._field_to_sql(alias, "plan_id", query),
            column,
        )
