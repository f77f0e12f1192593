from odoo import api, fields, models
from odoo.fields import Domain

from .billing_status import BILLING_STATUSES

#: Who may see a deal's figures. Reading the deal itself is not enough: other addons let portal
#: partners read opportunities that were assigned to them.
BILLING_GROUPS = "sales_team.group_sale_salesman,account.group_account_invoice"


class CrmLead(models.Model):
    _inherit = "crm.lead"

    billing_line_ids = fields.One2many(
        "account.move.line",
        "opportunity_id",
        string="Invoice Lines",
        groups="account.group_account_invoice",
        help="The invoice lines that belong to this opportunity.",
    )
    invoice_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        compute="_compute_invoice_ids",
        compute_sudo=False,
        groups=BILLING_GROUPS,
        help="The invoices, receipts and credit notes of this opportunity that you may open.",
    )
    invoice_count = fields.Integer(
        compute="_compute_invoice_ids", compute_sudo=False, groups=BILLING_GROUPS
    )
    billing_currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_billing",
        store=True,
        groups=BILLING_GROUPS,
        help="Currency of the billing figures: that of the opportunity's company; without one,"
        " that of its invoices.",
    )
    invoiced_untaxed = fields.Monetary(
        "Invoiced (Untaxed)",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Posted invoices less credit notes, without taxes.",
    )
    invoiced_total = fields.Monetary(
        "Invoiced",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Posted invoices less credit notes, taxes included. It is the sum of paid, discount,"
        " written off and due.",
    )
    credited_total = fields.Monetary(
        "Credited",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What credit notes took off the invoices, taxes included.",
    )
    paid_total = fields.Monetary(
        "Paid",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Money received for the invoices, less money paid back.",
    )
    discount_total = fields.Monetary(
        "Payment Discount",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Discounts granted for early payment.",
    )
    written_off_total = fields.Monetary(
        "Written Off",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What was given up as a loss: neither paid nor due.",
    )
    due_total = fields.Monetary(
        "Due",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What is still open on the invoices, overdue or not.",
    )
    overdue_total = fields.Monetary(
        "Overdue",
        compute="_compute_billing",
        store=True,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What is open on instalments past their due date; disputed invoices excepted.",
    )
    first_invoice_date = fields.Date(
        compute="_compute_billing",
        store=True,
        groups=BILLING_GROUPS,
        help="Date of the first posted invoice.",
    )
    next_due_date = fields.Date(
        compute="_compute_billing",
        store=True,
        index="btree_not_null",
        groups=BILLING_GROUPS,
        help="Due date of the earliest open instalment, also when it has passed.",
    )
    last_payment_date = fields.Date(
        compute="_compute_billing",
        store=True,
        groups=BILLING_GROUPS,
        help="Date of the newest payment.",
    )
    paid_date = fields.Date(
        compute="_compute_billing",
        store=True,
        groups=BILLING_GROUPS,
        help="Day on which nothing was due any more and something had been paid.",
    )
    billing_status = fields.Selection(
        BILLING_STATUSES,
        compute="_compute_billing",
        store=True,
        index=True,
        default="none",
        groups=BILLING_GROUPS,
        help="What became of the deal in accounting; its stage follows.",
    )
    billing_source = fields.Selection(
        [("automatic", "Automatic"), ("manual", "Manual")],
        default="automatic",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Automatic: from invoices and payments in Odoo. Manual: set by finance, because the"
        " deal is invoiced in another program.",
    )
    billing_as_of_date = fields.Date(
        compute="_compute_billing",
        store=True,
        groups=BILLING_GROUPS,
        help="The date for which overdue was last judged.",
    )

    @api.depends(
        "company_id",
        "billing_line_ids.opportunity_id",
        "billing_line_ids.parent_state",
        "billing_line_ids.price_total",
        "billing_line_ids.move_id.amount_residual",
        "billing_line_ids.move_id.payment_state",
    )
    def _compute_billing(self):
        """Figures and status of the deals, by one statement for all; the stage follows later."""
        figures_by_lead = self._get_billing_figures()
        order_status_by_lead = self._get_order_status()
        for lead in self:
            figures = figures_by_lead.get(lead._origin.id, {})
            company = lead.company_id or self.env.company
            lead.billing_currency_id = figures.get("currency_id") or company.currency_id
            for name in (
                "invoiced_untaxed",
                "invoiced_total",
                "credited_total",
                "paid_total",
                "discount_total",
                "written_off_total",
                "due_total",
                "overdue_total",
            ):
                lead[name] = figures.get(name, 0.0)
            for name in ("first_invoice_date", "next_due_date", "last_payment_date"):
                lead[name] = figures.get(name, False)
            is_paid = figures and figures["due_total"] <= 0 < figures["paid_total"]
            lead.paid_date = figures["settlement_date"] if is_paid else False
            lead.billing_as_of_date = company._get_today()
            lead.billing_status = self._get_billing_status(
                figures, *order_status_by_lead.get(lead._origin.id, ("none", False))
            )
        self.filtered(
            lambda lead: lead.billing_status != lead.followed_billing_status
        )._schedule_stage_change()

    @api.depends("billing_line_ids.move_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_invoice_ids(self):
        invoices_by_lead = {}
        if self.env["account.move"].has_access("read"):
            invoices_by_lead = {
                lead.id: invoices
                for lead, invoices in self.env["account.move.line"]
                .sudo()  # which invoices: filtered by the user's own rights in the domain
                ._read_group(
                    Domain("opportunity_id", "in", self.ids)
                    & Domain("move_id", "in", self.env["account.move"]._search([])),
                    ["opportunity_id"],
                    ["move_id:recordset"],
                )
            }
        for lead in self:
            invoices = invoices_by_lead.get(lead._origin.id, self.env["account.move"])
            lead.invoice_ids = invoices.sudo(False)
            lead.invoice_count = len(invoices)

    @api.model
    def _get_billing_status(self, figures: dict, order_status: str, has_uninvoiced: bool) -> str:
        """The status of a deal: the first that holds.

        :param figures: a row of :meth:`_get_billing_figures`; empty without a posted document.
        :param order_status: ``none``, ``quoted`` or ``ordered``.
        :param has_uninvoiced: a confirmed order of the deal still has something to invoice.
        """
        if not figures:
            return order_status
        # An invoice of several deals and its credit note may share their cents differently.
        nothing = figures["inexact"]
        invoiced, paid = figures["invoiced_total"], figures["paid_total"]
        if figures["credited_total"] > nothing >= max(invoiced, paid):
            return "credited"
        if figures["overdue_total"] > nothing:
            return "overdue"
        if has_uninvoiced:
            return "partially_invoiced"
        if paid > nothing:
            return "partially_paid" if figures["due_total"] > nothing else "paid"
        return "invoiced"

    def _get_order_status(self) -> dict[int, tuple[str, bool]]:
        """Hook: ``(none | quoted | ordered, has something to invoice)`` by deal id.

        Without the Sales app a deal has no order: it counts as invoiced in full by its invoices.
        """
        return {}

    @api.model
    def _has_field_access(self, field, operation):
        """What the journals say of a deal, nobody writes on it: the external API could."""
        if operation == "write" and field.groups == BILLING_GROUPS and field.readonly:
            return self.env.su
        return super()._has_field_access(field, operation)

    def unlink(self):
        # The other deals of its invoices get their shares anew.
        self._get_billing_lines_sudo().opportunity_id = False
        return super().unlink()

    def _merge_dependences(self, opportunities):
        result = super()._merge_dependences(opportunities)
        opportunities._get_billing_lines_sudo().opportunity_id = self
        return result

    def _get_billing_lines_sudo(self):
        """All invoice lines of the deals.

        Whoever merges or deletes opportunities need not be allowed to see their invoices. Searched,
        for the field ``billing_line_ids`` remembers what the user sees of it.
        """
        return self.env["account.move.line"].sudo().search([("opportunity_id", "in", self.ids)])

    def action_view_invoices(self):
        """Open the invoices of the deal that the user may open."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        action["domain"] = [("id", "in", self.invoice_ids.ids)]
        action["context"] = {
            "default_move_type": "out_invoice",
            "default_partner_id": self.partner_id.id,
            "default_opportunity_id": self.id,
        }
        if len(self.invoice_ids) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = self.invoice_ids.id
        return action

    @api.model
    def _cron_refresh_overdue(self, batch_size=500):
        """Judge again what only the calendar changes: open instalments whose due date passed."""
        lead_ids = self.with_context(active_test=False).search(self._get_judge_domain()).ids
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(lead_ids))
        for start in range(0, len(lead_ids), batch_size):
            batch = self.browse(lead_ids[start : start + batch_size])
            batch.try_lock_for_update()._refresh_billing()
            if not commit_progress(len(batch)):
                break

    @api.model
    def _get_judge_domain(self) -> Domain:
        """Deals with something open whose due date passed since they were judged last.

        A deal without a company may be invoiced by companies in several time zones: the first of
        them to reach a new day counts, and until it is overdue the deal is judged at each run.
        """
        companies = self.env["res.company"].search([("active", "=", True)])
        newest = max(company._get_today() for company in companies)
        return Domain.OR(
            Domain("company_id", "in", group.ids)
            & Domain("next_due_date", "<", today)
            & Domain("billing_as_of_date", "<", today)
            for today, group in companies.grouped(lambda company: company._get_today()).items()
        ) | (
            Domain("company_id", "=", False)
            & Domain("next_due_date", "<", newest)
            & (
                Domain("billing_as_of_date", "<", newest)
                | Domain("billing_status", "!=", "overdue")
            )
        )

    def _refresh_billing(self):
        """Have figures, status and stage computed anew before the transaction ends."""
        self.env.add_to_compute(self._fields["billing_status"], self)
