from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import float_round

from ..mixins.crm_customer_figures import ACCOUNTING_GROUPS

#: The company's median weighs like so many payments of the customer.
PRIOR_PAYMENTS = 5


class AccountMoveLine(models.Model):
    """When the money of an open instalment will probably come."""

    _inherit = "account.move.line"

    expected_payment_date = fields.Date(
        compute="_compute_expected_payment_date",
        groups=ACCOUNTING_GROUPS,
        help="Due date and the customer's median days beyond terms, drawn towards the company's"
        " median with little history; not before today. Only for open instalments.",
    )

    is_move_sent = fields.Boolean(
        "Sent",
        compute="_compute_is_move_sent",
        groups=ACCOUNTING_GROUPS,
        help="The document was sent to the customer from Odoo.",
    )
    is_move_rejected = fields.Boolean(
        "Rejected",
        compute="_compute_is_move_sent",
        groups=ACCOUNTING_GROUPS,
        help="An e-invoice network rejected the document.",
    )
    days_overdue = fields.Integer(
        compute="_compute_days_overdue",
        groups=ACCOUNTING_GROUPS,
        help="Days since the due date, of what customers still owe; of disputed invoices none.",
    )

    @api.depends("move_id.is_move_sent")
    def _compute_is_move_sent(self):
        for line in self:
            line.is_move_sent = line.move_id.is_move_sent
            line.is_move_rejected = line.move_id._is_rejected()

    @api.depends(
        "account_id", "amount_residual", "date_maturity", "parent_state", "move_id.payment_state"
    )
    def _compute_days_overdue(self):
        self.days_overdue = 0
        for line in self._filter_owed():
            if line.move_id.payment_state != "blocked":
                today = line.company_id._get_today()
                line.days_overdue = max(0, (today - line._get_receivable_due_date()).days)

    def _filter_owed(self):
        """Those of these journal items on which a customer owes something."""
        return self.filtered(
            lambda line: (
                line.parent_state == "posted"
                and line.account_type == "asset_receivable"
                and not line.account_id.non_trade
                and line.partner_id
                and line.amount_residual > 0
            )
        )

    @api.depends("account_id", "amount_residual", "date_maturity", "parent_state", "partner_id")
    def _compute_expected_payment_date(self):
        self.expected_payment_date = False
        owed = self._filter_owed()
        if not owed:
            return
        # Whoever sees the item may know when it is expected, also without seeing all companies.
        delays = owed.sudo()._get_expected_delays()
        today = {company: company._get_today() for company in owed.company_id}
        for line in owed:
            due = line._get_receivable_due_date()
            delay = delays[line.company_id.id, line.partner_id.commercial_partner_id.id]
            line.expected_payment_date = max(due + timedelta(days=delay), today[line.company_id])

    def _get_expected_delays(self) -> dict[tuple[int, int], int]:
        """Days beyond terms to expect, by company and customer."""
        customers = self.partner_id.commercial_partner_id
        domain = [("company_id", "in", self.company_id.ids)]
        medians = {
            norm.company_id.id: norm.median_days_beyond_terms
            for norm in self.env["crm.customer.health.norm"].search(domain)
        }
        rows = {
            (row.company_id.id, row.partner_id.id): row
            for row in self.env["crm.customer.health"].search(
                [*domain, ("partner_id", "in", customers.ids)]
            )
        }
        delays = {}
        for company in self.company_id:
            usual = medians.get(company.id, 0.0)
            for customer in customers:
                row = rows.get((company.id, customer.id))
                count = row.payment_count if row else 0
                total = count * row.median_days_beyond_terms if row else 0.0
                delays[company.id, customer.id] = int(
                    float_round(
                        (total + PRIOR_PAYMENTS * usual) / (count + PRIOR_PAYMENTS),
                        precision_digits=0,
                    )
                )
        return delays

    def _get_receivable_due_date(self):
        """The due date; one before the invoice date counts as the invoice date."""
        self.ensure_one()
        due = self.date_maturity or self.date
        return max(due, self.invoice_date or due)
