from odoo import api, fields, models


class CrmCustomerHealthChange(models.Model):
    """A change of a customer's status: from what, to what, when, with how much overdue.

    A log of its own, not messages: a night may bring thousands. Only administrators can delete from
    it.
    """

    _name = "crm.customer.health.change"
    _description = "Customer Status Change"
    _inherit = ["crm.customer.figures"]
    _order = "id desc"

    partner_id = fields.Many2one(index=True)
    date = fields.Date(
        required=True, readonly=True, help="The day of the change in the company's time zone."
    )
    old_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        string="Status Before",
        required=True,
        readonly=True,
    )
    new_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        required=True,
        readonly=True,
    )
    overdue_amount = fields.Monetary(
        "Overdue", readonly=True, help="What was overdue when the status changed."
    )
    reasons = fields.Text(
        "Why", readonly=True, help="What the status rested on then, the weightiest first."
    )

    _company_date_idx = models.Index("(company_id, date)")
    # A digest counts what happened since a point in time.
    _company_create_date_idx = models.Index("(company_id, create_date)")

    @api.model
    def _log(self, old_statuses: dict):
        """Keep what these rows' statuses were and are.

        :param old_statuses: the former status by health row.
        """
        self.create(
            [
                {
                    "company_id": health.company_id.id,
                    "partner_id": health.partner_id.id,
                    "date": health.company_id._get_today(),
                    "old_status": old_status,
                    "new_status": health.health_status,
                    "overdue_amount": health.overdue_amount,
                    "reasons": health.health_reasons,
                }
                for health, old_status in old_statuses.items()
            ]
        )
