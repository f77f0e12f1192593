import json
from collections import Counter

from odoo import api
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.bands import OPEN_PARTS

#: Open items that the diagnosis of a customer shows; all are a button away.
SHOWN_ITEMS = 80

#: Status changes that the diagnosis of a customer shows.
SHOWN_CHANGES = 20


class Diagnosis:
    """What one looks at in the diagnosis of a customer, and where it leads.

    Lists of documents are for Accounting; for others documents follow Odoo's own rights.
    """

    __slots__ = ()

    @api.depends("not_due_amount", "overdue_amount", "disputed_amount")
    def _compute_ageing_graph(self):
        labels = (
            self.env._("Not due"),
            self.env._("1-30 days"),
            self.env._("31-60 days"),
            self.env._("61-90 days"),
            self.env._("Over 90 days"),
            self.env._("Disputed"),
        )
        types = ("past", "future", "future", "future", "future", "sample")
        for health in self:
            values = [
                {"label": label, "value": health[name], "type": bar_type}
                for name, label, bar_type in zip(OPEN_PARTS, labels, types, strict=True)
            ]
            health.ageing_graph = json.dumps([{"key": self.env._("Open"), "values": values}])

    @api.depends("payment_trend", "trend_measure")
    def _compute_has_trend(self):
        """A missing number reads as 0; a trend of 0 makes a measure of 50."""
        for health in self:
            health.has_trend = bool(health.payment_trend or health.trend_measure)

    @api.depends("company_id", "partner_id")
    def _compute_change_ids(self):
        changes = self.env["crm.customer.health.change"]
        for health in self:
            health.change_ids = changes.search(
                Domain("company_id", "=", health.company_id.id)
                & Domain("partner_id", "=", health.partner_id.id),
                limit=SHOWN_CHANGES,
            )

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid")
    def _compute_open_item_ids(self):
        for health in self:
            health.open_item_ids = self.env["account.move.line"].search(
                health._get_open_item_domain(), order="date_maturity, id", limit=SHOWN_ITEMS
            )

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_visible_invoice_count(self):
        counts = self._count_documents("account.move", self._get_document_domain())
        for health in self:
            health.visible_invoice_count = counts[health.company_id.id, health.partner_id.id]

    @api.depends("company_id", "partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_opportunity_count(self):
        counts = self._count_documents("crm.lead", self._get_opportunity_domain())
        for health in self:
            health.opportunity_count = sum(
                counts[company_id, health.partner_id.id]
                for company_id in (health.company_id.id, False)
            )

    def _count_documents(self, model_name: str, domain: Domain) -> Counter:
        """How many records the user may open, by company and customer."""
        counts = Counter()
        model = self.env[model_name]
        if model.has_access("read"):
            for company, partner, count in model._read_group(
                domain, ["company_id", "partner_id"], ["__count"]
            ):
                counts[company.id, partner.commercial_partner_id.id] += count
        return counts

    def _get_document_domain(self) -> Domain:
        """Posted sale documents of these customers."""
        return (
            Domain("move_type", "in", self.env["account.move"].get_sale_types(True))
            & Domain("state", "=", "posted")
            & Domain("company_id", "in", self.company_id.ids)
            & self._get_contact_domain()
        )

    def _get_opportunity_domain(self) -> Domain:
        """Opportunities of these customers in their companies, won and lost ones too."""
        return (
            Domain("type", "=", "opportunity")
            & Domain("company_id", "in", [*self.company_id.ids, False])
            & Domain("active", "in", [True, False])
            & self._get_contact_domain()
        )

    def _get_contact_domain(self) -> Domain:
        """Records of the customers or of one of their contacts, archived ones too."""
        return Domain("partner_id.commercial_partner_id", "in", self.partner_id.ids)

    def _get_open_item_domain(self) -> Domain:
        """Journal items on which something is open: instalments, and credits not matched yet."""
        return (
            Domain("parent_state", "=", "posted")
            & Domain("account_id.account_type", "=", "asset_receivable")
            & Domain("account_id.non_trade", "=", False)
            & Domain("amount_residual", "!=", 0)
            & Domain("company_id", "in", self.company_id.ids)
            & self._get_contact_domain()
        )

    def _get_form_action(self):
        """The diagnosis as an action: what buttons on other records open."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customer Health"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_view_open_items(self):
        """Open what the customer owes, instalment by instalment."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_customer_health.account_move_line_open_item_action"
        )
        return {
            **action,
            "domain": list(self._get_open_item_domain()),
            "display_name": self.env._("Open Instalments of %(name)s", name=self.display_name),
        }

    def action_view_settlements(self):
        """Open what was settled, with days: what the payment behaviour is computed from."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_receivable_settlement.account_receivable_settlement_action"
        )
        domain = Domain("company_id", "=", self.company_id.id) & self._get_contact_domain()
        return {
            **action,
            "domain": list(domain),
            "context": {"search_default_window": 1},
            "display_name": self.env._("Settlements of %(name)s", name=self.display_name),
        }

    def action_view_invoices(self):
        """Open the customer's posted invoices, receipts and credit notes."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        return {
            **action,
            "domain": list(self._get_document_domain()),
            "context": {"default_move_type": "out_invoice", "create": False},
        }

    def action_view_opportunities(self):
        """Open the customer's opportunities, won and lost ones too."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm.crm_lead_opportunities")
        return {
            **action,
            "domain": list(self._get_opportunity_domain()),
            "context": {"default_partner_id": self.partner_id.id, "default_type": "opportunity"},
        }

    def action_recompute(self):
        """Compute these customers now, and write their rows.

        Whoever may read a row may have it computed: the figures are what the journals say.
        """
        self.check_access("read")
        busy = 0
        for company, rows in self.grouped("company_id").items():
            # Nobody may write the rows; the journals are read with full rights.
            if company not in self.sudo()._refresh(company, rows.partner_id):
                self.env["account.receivable.change"]._collect_keys(
                    self._name, [(company.id, customer.id) for customer in rows.partner_id]
                )
                busy += len(rows)
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        if not busy:
            return reload
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "The customers are being computed already; yours follow in a moment."
                ),
                "next": reload,
            },
        }
