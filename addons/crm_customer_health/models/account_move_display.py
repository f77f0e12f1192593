from odoo import api, fields, models
from odoo.fields import Domain

from .crm_customer_figures import HEALTH_GROUPS


class AccountMove(models.Model):
    """An invoice shows the health of its customer in the invoice's company."""

    _inherit = "account.move"

    health_id = fields.Many2one(
        "crm.customer.health",
        string="Customer Health",
        compute="_compute_health",
        groups=HEALTH_GROUPS,
    )
    health_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        string="Customer's Health",
        compute="_compute_health",
        groups=HEALTH_GROUPS,
        help="How safe the customer's business is, from payments, exposure, trend and purchases.",
    )
    health_overdue_amount = fields.Monetary(
        "Customer's Overdue",
        aggregator=None,
        currency_field="company_currency_id",
        compute="_compute_health",
        groups=HEALTH_GROUPS,
        help="What is open on all overdue instalments of the customer in this company.",
    )

    @api.depends("company_id", "move_type", "partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_health(self):
        """With the user's own rights: who may not see the customer's health sees nothing."""
        health = self.env["crm.customer.health"]
        documents = self.filtered(lambda move: move.is_sale_document(include_receipts=True))
        found = health
        if documents and health.has_access("read"):
            customers = documents.partner_id.commercial_partner_id._origin
            found = health.search(
                Domain("company_id", "in", documents.company_id.ids)
                & Domain("partner_id", "in", customers.ids)
            )
        if len(found) == 1:
            found._show_live()
        rows = {(row.company_id, row.partner_id): row for row in found}
        for move in self:
            customer = move.partner_id.commercial_partner_id._origin
            row = rows.get((move.company_id, customer), health) if move in documents else health
            move.health_id = row
            move.health_status = row.health_status
            move.health_overdue_amount = row.overdue_amount

    def action_view_health(self):
        """Open the customer's diagnosis."""
        self.ensure_one()
        return self.health_id._get_form_action()
