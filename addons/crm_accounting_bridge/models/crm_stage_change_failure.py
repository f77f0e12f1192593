from odoo import api, fields, models


class CrmStageChangeFailure(models.Model):
    """A deal that should have followed its billing status into a stage, and what forbade it.

    Accounting is never stopped by the pipeline: the payment is booked, the refusal kept here.
    """

    _name = "crm.stage.change.failure"
    _description = "Stage Change That Failed"
    _order = "create_date desc, id desc"
    _rec_name = "lead_id"

    lead_id = fields.Many2one(
        "crm.lead", string="Opportunity", required=True, readonly=True, ondelete="cascade"
    )
    # Not stored: each change of a deal's company would search here.
    company_id = fields.Many2one(related="lead_id.company_id")
    user_id = fields.Many2one(related="lead_id.user_id", string="Salesperson")
    stage_id = fields.Many2one(
        "crm.stage", string="Stage Wanted", readonly=True, ondelete="cascade"
    )
    reason = fields.Text(required=True, readonly=True)

    _lead_uniq = models.UniqueIndex("(lead_id)", "One open failure per opportunity.")

    def action_retry(self):
        """Try again to move the deals; those that move leave the list."""
        self.check_access("read")
        # Finance retries, but may not write on opportunities itself.
        self.sudo().lead_id._follow_billing_status(is_retry=True)

    @api.model
    def _log_failure(self, lead, stage_id: int | None, reason: str):
        """Keep the newest refusal of a deal; without a stage its billing status was refused."""
        failure = self.search([("lead_id", "=", lead.id)])
        values = {"lead_id": lead.id, "stage_id": stage_id, "reason": reason}
        if failure:
            failure.write(values)
        else:
            self.create(values)
