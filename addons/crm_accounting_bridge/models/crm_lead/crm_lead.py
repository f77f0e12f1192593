from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..billing_status import BILLING_GROUPS, BILLING_STATUSES
from .events import Events
from .figures import Figures
from .manual import MANUAL_STATUSES, Manual
from .refresh import Refresh
from .stage import Stage


class CrmLead(Stage, Refresh, Events, Manual, Figures, models.Model):
    """The billing of an opportunity: what was invoiced, paid, is due and overdue."""

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
        compute="_compute_billing_currency_id",
        store=True,
        groups=BILLING_GROUPS,
        help="Currency of the billing figures: that of the opportunity's company; without one,"
        " that of its invoices.",
    )
    invoiced_untaxed = fields.Monetary(
        "Invoiced (Untaxed)",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Posted invoices less credit notes, without taxes.",
    )
    invoiced_total = fields.Monetary(
        "Invoiced",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Posted invoices less credit notes, taxes included. It is the sum of paid, discount,"
        " written off and due.",
    )
    credited_total = fields.Monetary(
        "Credited",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What credit notes took off the invoices, taxes included.",
    )
    paid_total = fields.Monetary(
        "Paid",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Money received for the invoices, less money paid back.",
    )
    discount_total = fields.Monetary(
        "Payment Discount",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Discounts granted for early payment.",
    )
    written_off_total = fields.Monetary(
        "Written Off",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What was given up as a loss: neither paid nor due.",
    )
    due_total = fields.Monetary(
        "Due",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What is still open on the invoices, overdue or not.",
    )
    overdue_total = fields.Monetary(
        "Overdue",
        readonly=True,
        copy=False,
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="What is open on instalments past their due date; disputed invoices excepted.",
    )
    first_invoice_date = fields.Date(
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Date of the first posted invoice.",
    )
    next_due_date = fields.Date(
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=BILLING_GROUPS,
        help="Due date of the earliest open instalment, also when it has passed.",
    )
    last_payment_date = fields.Date(
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Date of the newest payment.",
    )
    paid_date = fields.Date(
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Day on which nothing was due any more and something had been paid.",
    )
    billing_status = fields.Selection(
        BILLING_STATUSES,
        readonly=True,
        copy=False,
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
        tracking=True,
        groups=BILLING_GROUPS,
        help="Automatic: from invoices and payments in Odoo. Manual: set by finance, because the"
        " deal is invoiced in another program.",
    )
    billing_as_of_date = fields.Date(
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="The date for which overdue was last judged.",
    )
    figures_as_of = fields.Datetime(
        "Figures as of",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="When the figures changed last. They follow accounting within seconds; until then the"
        " form of the opportunity shows what will be stored.",
    )
    is_billing_waiting = fields.Boolean(
        "Being Updated",
        compute="_compute_is_billing_waiting",
        compute_sudo=True,
        groups=BILLING_GROUPS,
        help="Something changed in accounting that the stored figures do not show yet.",
    )

    # Set by hand (``manual.py``)
    manual_billing_status = fields.Selection(
        MANUAL_STATUSES,
        readonly=True,
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="The billing status that finance set by hand.",
    )
    manual_currency_id = fields.Many2one(
        "res.currency",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Currency of the amounts set by hand.",
    )
    manual_invoiced = fields.Monetary(
        "Invoiced (by Hand)",
        readonly=True,
        copy=False,
        tracking=True,
        currency_field="manual_currency_id",
        groups=BILLING_GROUPS,
        help="Invoiced in another program, taxes included, less credit notes.",
    )
    manual_paid = fields.Monetary(
        "Paid (by Hand)",
        readonly=True,
        copy=False,
        tracking=True,
        currency_field="manual_currency_id",
        groups=BILLING_GROUPS,
        help="Money received for what was invoiced in another program.",
    )
    manual_invoice_date = fields.Date(
        "Invoice Date (by Hand)",
        readonly=True,
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="Date of the first invoice in another program.",
    )
    manual_payment_date = fields.Date(
        "Payment Date (by Hand)",
        readonly=True,
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="Date of the newest payment in another program.",
    )
    manual_due_date = fields.Date(
        "Due Date (by Hand)",
        readonly=True,
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="When the amount due must be paid: from the next day on it is overdue.",
    )
    manual_reason = fields.Char(
        "Reason (by Hand)",
        readonly=True,
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="Why the figures were set by hand.",
    )
    manual_user_id = fields.Many2one(
        "res.users",
        "Set by",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Who set the figures by hand.",
    )
    manual_date = fields.Datetime(
        "Set on",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="When the figures were set by hand.",
    )
    has_uncounted_invoices = fields.Boolean(
        "Invoices Not Counted",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="The figures are set by hand although there are posted invoices in Odoo: finance"
        " decides which of them hold.",
    )
    is_manual_conflict_told = fields.Boolean(
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="Finance knows of the invoices that do not count for this deal.",
    )

    # The stage that follows (``stage.py``)
    followed_billing_status = fields.Selection(
        BILLING_STATUSES,
        default="none",
        readonly=True,
        copy=False,
        groups=BILLING_GROUPS,
        help="The billing status that the stage has followed last; none of a deal whose documents"
        " are older than its link to them.",
    )
    stage_before_billing_id = fields.Many2one(
        "crm.stage",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=BILLING_GROUPS,
        help="Where the opportunity was before accounting moved it; it returns there when all"
        " invoices are withdrawn.",
    )
    is_stage_held = fields.Boolean(
        "Keep in This Stage",
        copy=False,
        tracking=True,
        groups=BILLING_GROUPS,
        help="Accounting does not move this opportunity; its billing status goes on.",
    )

    #: Cards are in this order: as quick as in core's own.
    _overdue_order_idx = models.Index(
        "(COALESCE(overdue_total, 0) DESC, priority DESC, id DESC) WHERE active IS TRUE"
    )

    @api.depends("company_id")
    def _compute_billing_currency_id(self):
        """Figures are in the currency of the deal's company, those of before until they are
        converted.
        """
        for lead in self:
            if lead.billing_status == "none":
                company = lead.company_id or self.env.company
                lead.billing_currency_id = company.currency_id
            else:
                lead.billing_currency_id = lead.billing_currency_id
                lead._collect_billing()

    def _compute_is_billing_waiting(self):
        waiting = self.env["account.receivable.change"]._get_waiting(
            "crm.lead", [(0, lead_id) for lead_id in self.ids]
        )
        for lead in self:
            lead.is_billing_waiting = (0, lead._origin.id) in waiting

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
    def _has_field_access(self, field, operation):
        """What the journals say of a deal, nobody writes on it: the external API could."""
        if operation == "write" and field.groups == BILLING_GROUPS and field.readonly:
            return self.env.su
        return super()._has_field_access(field, operation)

    def write(self, vals):
        # Asked before: Odoo adds to the values of a move into a won stage.
        may_move = not vals.keys().isdisjoint(("active", "is_stage_held", "type"))
        result = super().write(vals)
        if may_move:
            self.sudo().filtered(
                lambda lead: lead.billing_status != lead.followed_billing_status
            )._collect_billing()
        return result

    def unlink(self):
        # The other deals of its invoices get their shares anew.
        if lines_sudo := self._get_billing_lines_sudo():
            lines_sudo.opportunity_id = False
        return super().unlink()

    def web_read(self, specification):
        """The form, which asks for ``is_billing_waiting``, shows the figures of this moment.

        In the result only: put into the cache, they would never be stored.
        """
        rows = super().web_read(specification)
        if len(self) == 1 and any(row.get("is_billing_waiting") for row in rows):
            # Only sums leave the journals, and only into fields that the user has just read.
            values = self.sudo()._get_billing_values()[self.id]
            currency = self.env["res.currency"].browse(values["billing_currency_id"])
            if specification.get("billing_currency_id", {}).get("fields"):
                [values["billing_currency_id"]] = currency.web_read(
                    specification["billing_currency_id"]["fields"]
                ) or [False]
            rows[0].update((name, values[name]) for name in values.keys() & rows[0].keys())
        return rows

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Deals that nobody invoiced have nothing overdue, like those that are paid."""
        if field_name != "overdue_total":
            return super()._order_field_to_sql(alias, field_name, direction, nulls, query)
        return SQL("COALESCE(%s, 0) %s", self._field_to_sql(alias, field_name, query), direction)

    def _merge_dependences(self, opportunities):
        result = super()._merge_dependences(opportunities)
        if lines_sudo := opportunities._get_billing_lines_sudo():
            lines_sudo.opportunity_id = self
        self._merge_manual_billing(opportunities)
        return result

    def _get_billing_lines_sudo(self):
        """All invoice lines of the deals.

        Whoever merges or deletes opportunities need not be allowed to see their invoices. Searched,
        for the field ``billing_line_ids`` remembers what the user sees of it.
        """
        return (
            self.env["account.move.line"]
            .sudo()
            .search([("opportunity_id", "in", self._filter_billable().ids)])
        )

    def _filter_billable(self):
        """Without those that nobody invoiced: leads come by the thousand, are merged and deleted,
        and are no opportunities yet.
        """
        return self.filtered(
            lambda lead: (
                lead.type == "opportunity"
                or lead.sudo().billing_status != "none"
                or lead.sudo().has_uncounted_invoices
            )
        )

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
