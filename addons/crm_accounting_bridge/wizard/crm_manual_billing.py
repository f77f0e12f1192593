from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.crm_lead.manual import MANUAL_STATUSES, WITHOUT_AMOUNT_STATUSES


class CrmManualBilling(models.TransientModel):
    """Set the billing status of one or many deals by hand: one status and reason, own amounts."""

    _name = "crm.manual.billing"
    _description = "Set Billing Status by Hand"

    billing_status = fields.Selection(
        MANUAL_STATUSES,
        required=True,
        default="invoiced",
        help="Overdue is not among them: it follows from the due date by itself.",
    )
    invoice_date = fields.Date(
        default=lambda self: self.env.company._get_today(),
        help="Date of the first invoice in the other program.",
    )
    payment_date = fields.Date(
        default=lambda self: self.env.company._get_today(),
        help="Date of the newest payment.",
    )
    due_date = fields.Date(
        help="Until when the amount due is to be paid; from the next day on it is overdue."
    )
    reason = fields.Char(
        required=True, help="Kept in the opportunity's history with your name and the date."
    )
    line_ids = fields.One2many("crm.manual.billing.line", "wizard_id", string="Opportunities")
    has_invoices = fields.Boolean(compute="_compute_has_invoices")
    has_due = fields.Boolean(compute="_compute_has_amounts")
    has_paid = fields.Boolean(compute="_compute_has_amounts")
    has_invoiced = fields.Boolean(compute="_compute_has_amounts")

    @api.depends("line_ids.lead_id")
    def _compute_has_invoices(self):
        for wizard in self:
            wizard.has_invoices = bool(wizard.line_ids.lead_id.invoice_ids)

    @api.depends("billing_status", "line_ids.due", "line_ids.paid")
    def _compute_has_amounts(self):
        for wizard in self:
            wizard.has_invoiced = wizard.billing_status not in WITHOUT_AMOUNT_STATUSES
            wizard.has_due = any(line.due for line in wizard.line_ids)
            wizard.has_paid = any(line.paid for line in wizard.line_ids)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "crm.lead" and "line_ids" in fields:
            leads = self.env["crm.lead"].browse(self.env.context.get("active_ids", []))
            if leads.filtered(lambda lead: lead.type != "opportunity"):
                raise UserError(self.env._("Only an opportunity has a billing status."))
            values["line_ids"] = [Command.create({"lead_id": lead.id}) for lead in leads]
            if len(leads) == 1:
                values |= self._get_current(leads)
        return values

    @api.model
    def _get_current(self, lead) -> dict:
        """What is known of the deal today, whoever knows it: one changes what is wrong."""
        if lead.billing_source == "manual":
            known = {
                "billing_status": lead.manual_billing_status,
                "invoice_date": lead.manual_invoice_date,
                "payment_date": lead.manual_payment_date,
                "due_date": lead.manual_due_date,
            }
        else:
            status = lead.billing_status
            if status == "overdue":  # follows from the due date
                status = "partially_paid" if lead.paid_total else "invoiced"
            known = {
                "billing_status": status if status != "none" else False,
                "invoice_date": lead.first_invoice_date,
                "payment_date": lead.last_payment_date,
                "due_date": lead.next_due_date,
            }
        return {name: value for name, value in known.items() if value}

    def action_apply(self):
        """Set the status on all deals, or on none if one of them contradicts itself."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Choose the opportunities to set the status of."))
        for line in self.line_ids:
            line.lead_id._set_manual_billing(line._prepare_manual_values())
        return {"type": "ir.actions.act_window_close"}


class CrmManualBillingLine(models.TransientModel):
    """What was invoiced and paid of one deal."""

    _name = "crm.manual.billing.line"
    _description = "Billing Amounts Set by Hand"

    wizard_id = fields.Many2one("crm.manual.billing", required=True, ondelete="cascade")
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        required=True,
        ondelete="cascade",
        domain="[('type', '=', 'opportunity')]",
    )
    partner_id = fields.Many2one(related="lead_id.partner_id")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    expected_revenue = fields.Monetary(related="lead_id.expected_revenue", string="Expected")
    invoiced = fields.Monetary(
        compute="_compute_invoiced",
        store=True,
        readonly=False,
        help="Invoiced, taxes included, less credit notes.",
    )
    paid = fields.Monetary(
        compute="_compute_paid", store=True, readonly=False, help="Money received."
    )
    due = fields.Monetary(compute="_compute_due", help="Invoiced less paid.")

    @api.depends("lead_id")
    def _compute_currency_id(self):
        for line in self:
            line.currency_id = line.lead_id and line.lead_id._get_manual_currency()

    @api.depends("lead_id", "wizard_id.billing_status")
    def _compute_invoiced(self):
        for line in self:
            if line.wizard_id.billing_status in WITHOUT_AMOUNT_STATUSES:
                line.invoiced = 0.0
            else:
                lead = line.lead_id
                line.invoiced = line.invoiced or lead.invoiced_total or lead.expected_revenue

    @api.depends("lead_id", "invoiced", "wizard_id.billing_status")
    def _compute_paid(self):
        for line in self:
            status = line.wizard_id.billing_status
            if status == "paid":
                line.paid = line.invoiced
            elif status in ("partially_invoiced", "partially_paid"):
                line.paid = line.paid or line.lead_id.paid_total
            else:
                line.paid = 0.0

    @api.depends("invoiced", "paid")
    def _compute_due(self):
        for line in self:
            line.due = line.invoiced - line.paid

    def _prepare_manual_values(self) -> dict:
        """Values of :meth:`crm.lead._set_manual_billing`: only dates that mean something."""
        self.ensure_one()
        wizard = self.wizard_id
        return {
            "manual_billing_status": wizard.billing_status,
            "manual_invoiced": self.invoiced,
            "manual_paid": self.paid,
            "manual_invoice_date": self.invoiced and wizard.invoice_date,
            "manual_payment_date": self.paid and wizard.payment_date,
            "manual_due_date": self.due and wizard.due_date,
            "manual_reason": wizard.reason,
        }
