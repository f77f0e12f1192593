from odoo import fields, models

#: Who sees what something costs, and what is earned with it.
COST_GROUP = "crm_customer_value.crm_customer_value_group_cost"


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    cost_ids = fields.One2many(
        "account.invoice.cost", "line_id", string="Frozen Cost", readonly=True, groups=COST_GROUP
    )
    cost = fields.Monetary(
        related="cost_ids.cost", currency_field="company_currency_id", groups=COST_GROUP
    )
    cost_source = fields.Selection(related="cost_ids.source", groups=COST_GROUP)
    cost_is_estimated = fields.Boolean(
        "Cost Is Estimated", related="cost_ids.is_estimated", groups=COST_GROUP
    )
