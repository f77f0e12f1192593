from datetime import timedelta

from odoo import api, fields, models

from ..mixins.crm_customer_figures import ACCOUNTING_GROUPS


class AccountMoveLine(models.Model):
    """When the money of an open instalment will probably come."""

    _inherit = "account.move.line"

    expected_payment_date = fields.Date(
        compute="_compute_expected_payment_date",
        groups=ACCOUNTING_GROUPS,
        help="The day by which the money is as likely as not to have come: by how late the customer"
        " paid in the last two years, and with little history by how late all customers pay. Empty"
        " where nothing says when it comes.",
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
        rows = self.env["crm.payment.expectation"]._get_expected(
            owed.company_id, owed.partner_id.commercial_partner_id
        )
        dates = {}
        for row in rows:
            day = row["likely_date"]
            if day and day < dates.get(row["line_id"], day + timedelta(days=1)):
                dates[row["line_id"]] = day
        for line in owed:
            line.expected_payment_date = dates.get(line._origin.id, False)

    def _get_receivable_due_date(self):
        """The due date; one before the invoice date counts as the invoice date."""
        self.ensure_one()
        due = self.date_maturity or self.date
        return max(due, self.invoice_date or due)
