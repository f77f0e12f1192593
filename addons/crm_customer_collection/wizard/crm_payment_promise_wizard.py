from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPaymentPromiseWizard(models.TransientModel):
    """Asks what customers promised to pay, and by when."""

    _name = "crm.payment.promise.wizard"
    _description = "Record a Promise to Pay"

    health_ids = fields.Many2many("crm.customer.health", string="Customers", required=True)
    is_single = fields.Boolean(compute="_compute_is_single")
    company_id = fields.Many2one("res.company", compute="_compute_is_single")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Customer", compute="_compute_is_single")
    date = fields.Date("Pays By", required=True)
    amount = fields.Monetary(
        compute="_compute_amount",
        # Not more than the user sees of the customers.
        compute_sudo=False,
        store=True,
        readonly=False,
        help="In company currency. Of several customers: what is overdue of each.",
    )
    promised_by_id = fields.Many2one(
        "res.partner",
        domain="[('commercial_partner_id', '=', partner_id)]",
        help="Who of the customer's contacts gave the word.",
    )
    note = fields.Text()

    @api.depends("health_ids")
    def _compute_is_single(self):
        for wizard in self:
            wizard.is_single = len(wizard.health_ids) == 1
            wizard.company_id = wizard.health_ids.company_id[:1]
            wizard.partner_id = wizard.is_single and wizard.health_ids.partner_id

    @api.depends("health_ids")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = sum(wizard.health_ids.mapped("overdue_amount"))

    def action_record(self):
        """Record one promise for each customer that owes something overdue.

        :raise UserError: if none of several does.
        """
        self.ensure_one()
        promises = self.env["crm.payment.promise"].create(
            [
                {
                    "company_id": health.company_id.id,
                    "partner_id": health.partner_id.id,
                    "date": self.date,
                    "amount": amount,
                    "promised_by_id": self.promised_by_id.id if self.is_single else False,
                    "note": self.note,
                }
                for health in self.health_ids
                if (amount := self.amount if self.is_single else health.overdue_amount)
                or self.is_single
            ]
        )
        if not promises:
            raise UserError(self.env._("None of these customers owes anything overdue."))
        return {"type": "ir.actions.act_window_close"}
