from odoo import fields, models


class CrmCustomerFlagExclusionWizard(models.TransientModel):
    """Asks until when customers are not to be flagged to Sales, and why."""

    _name = "crm.customer.flag.exclusion.wizard"
    _description = "Exclude From Flags"

    health_ids = fields.Many2many("crm.customer.health", string="Customers", required=True)
    until = fields.Date(required=True, help="The last day without flags.")
    reason = fields.Text(required=True)

    def action_exclude(self):
        """Exclude each of the customers, and close the flags that they have."""
        self.ensure_one()
        self.env["crm.customer.flag.exclusion"].create(
            [
                {
                    "company_id": health.company_id.id,
                    "partner_id": health.partner_id.id,
                    "until": self.until,
                    "reason": self.reason,
                }
                for health in self.health_ids
            ]
        )
        return {"type": "ir.actions.act_window_close"}
