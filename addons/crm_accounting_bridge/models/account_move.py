from odoo import api, fields, models
from odoo.fields import Domain

from .billing_status import BILLING_GROUPS


class AccountMove(models.Model):
    _inherit = "account.move"

    opportunity_id = fields.Many2one(
        "crm.lead",
        compute="_compute_opportunity_id",
        inverse="_inverse_opportunity_id",
        store=True,
        readonly=False,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        domain="[('type', '=', 'opportunity')]",
        groups=BILLING_GROUPS,
        help="The deal that this invoice belongs to. Setting it sets it on all lines; it is empty"
        " when the lines belong to several deals.",
    )
    opportunity_ids = fields.Many2many(
        "crm.lead",
        string="All Opportunities",
        context={"active_test": False},
        compute="_compute_opportunity_ids",
        search="_search_opportunity_ids",
        groups=BILLING_GROUPS,
        help="All deals that the lines of this invoice belong to, of those that you may see.",
    )
    opportunity_count = fields.Integer(compute="_compute_opportunity_ids", groups=BILLING_GROUPS)

    @api.depends("line_ids.opportunity_id")
    def _compute_opportunity_id(self):
        for move in self:
            opportunities = move.line_ids.opportunity_id
            if len(opportunities) == 1:
                move.opportunity_id = opportunities
            elif opportunities or move._get_opportunity_lines():
                move.opportunity_id = False
            else:
                # Chosen before the first line was written.
                move.opportunity_id = move.opportunity_id

    def _inverse_opportunity_id(self):
        for move in self:
            # A form of an invoice of several deals sends the empty field along.
            if move.opportunity_id or len(move.line_ids.opportunity_id) == 1:
                move._get_opportunity_lines().opportunity_id = move.opportunity_id

    @api.depends("line_ids.opportunity_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_opportunity_ids(self):
        # An invoice may be for deals of several salespeople, and each of them opens it.
        readable = self.line_ids.opportunity_id._filtered_access("read")
        for move in self:
            move.opportunity_ids = move.line_ids.opportunity_id & readable
            move.opportunity_count = len(move.opportunity_ids)

    def _search_opportunity_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("line_ids.opportunity_id", "in", [item for item in value if item])
        if False in value:
            domain |= ~Domain("line_ids.opportunity_id", "!=", False)
        return domain

    def _get_opportunity_lines(self):
        """The lines that can belong to a deal: those with an amount of their own."""
        return self.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        ).line_ids.filtered(lambda line: line.display_type == "product")

    def copy(self, default=None):
        copies = super().copy(default)
        if default and "auto_post_origin_id" in default:
            # An invoice that repeats itself: the next one is for the same deals, line by line.
            for move, copied in zip(self, copies, strict=True):
                lines = move._get_opportunity_lines().sorted("id")
                copied_lines = copied._get_opportunity_lines().sorted("id")
                for line, copied_line in zip(lines, copied_lines, strict=True):
                    copied_line.opportunity_id = line.opportunity_id
        return copies

    def action_view_opportunities(self):
        """Open the deals of this invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm.crm_lead_opportunities")
        action["domain"] = [("id", "in", self.opportunity_ids.ids)]
        action["context"] = {"default_type": "opportunity", "active_test": False}
        if len(self.opportunity_ids) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = self.opportunity_ids.id
        return action

    def action_view_opportunity_lines(self):
        """Open the lines of this invoice to give each its own deal, also when it is posted."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Opportunities of %(invoice)s", invoice=self.name),
            "res_model": "account.move.line",
            "view_mode": "list",
            "views": [
                (
                    self.env.ref(
                        "crm_accounting_bridge.account_move_line_opportunity_view_list"
                    ).id,
                    "list",
                )
            ],
            "domain": [("id", "in", self._get_opportunity_lines().ids)],
        }
