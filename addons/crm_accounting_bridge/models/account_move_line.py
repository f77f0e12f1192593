from collections import defaultdict

from odoo import api, fields, models

from .billing_status import BILLING_GROUPS


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    opportunity_id = fields.Many2one(
        "crm.lead",
        compute="_compute_opportunity_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        tracking=True,
        domain="[('type', '=', 'opportunity')]",
        groups=BILLING_GROUPS,
        help="The deal that this invoice line belongs to. Figures and stage of the deal follow"
        " the invoice and its payments.",
    )

    @api.depends("move_id")
    def _compute_opportunity_id(self):
        """A new line of an invoice of one deal belongs to that deal; people may say otherwise."""
        for line in self:
            move = line.move_id
            if (
                not line.opportunity_id
                and line.display_type == "product"
                and move.is_sale_document(include_receipts=True)
            ):
                line.opportunity_id = move.opportunity_id or move.reversed_entry_id.opportunity_id
            else:
                line.opportunity_id = line.opportunity_id

    @api.model_create_multi
    def create(self, vals_list):
        if "default_opportunity_id" in self.env.context:
            # It is meant for the invoice: its tax and receivable lines belong to no deal.
            self = self.with_context(default_opportunity_id=None)  # noqa: PLW0642
        return super().create(vals_list)

    def write(self, vals):
        if "opportunity_id" not in vals:
            return super().write(vals)
        # Drafts say nothing of a deal yet: posting them will.
        posted = self.filtered(lambda line: line.parent_state == "posted")
        # Whoever changes the deal of an order or merges deals need not see their invoices.
        posted.sudo().opportunity_id._collect_billing()
        self.env["account.receivable.change"]._collect(moves=posted.move_id)
        before = {line: line.opportunity_id for line in self.sudo()}
        result = super().write(vals)
        self._log_opportunities(before)
        return result

    def _log_opportunities(self, before: dict):
        """Log which deals invoices were given to, once for lines that went the same way.

        :param before: the former deal by line, with full rights.
        """
        changes = defaultdict(lambda: (set(), set()))
        for line, old in before.items():
            if old != line.opportunity_id and line.move_id.is_sale_document(include_receipts=True):
                gone, come = changes[line.move_id]
                gone.update(old.mapped("display_name"))
                come.update(line.opportunity_id.mapped("display_name"))
        log = self.env["crm.accounting.log"]
        for move, (gone, come) in changes.items():
            texts = (", ".join(sorted(gone)), ", ".join(sorted(come)))
            log._log(move, {(move.id, "opportunity_id"): texts})

    def _copy_data_extend_business_fields(self, values):
        # A credit note takes from the deal what the invoice gave it.
        result = super()._copy_data_extend_business_fields(values)
        values["opportunity_id"] = self.opportunity_id.id
        return result
