from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import formatLang

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP

#: Products that the panel shows in each of its parts.
SHOWN_PRODUCTS = 5


class CrmCustomerPurchasePanel(models.AbstractModel):
    """A record that shows, in five seconds, what its customer buys: the products that bring most,
    what is due, what was stopped, what is suggested.

    Read with the user's own rights: who may not see the customer's figures sees an empty panel.
    """

    _name = "crm.customer.purchase.panel"
    _description = "Shows What Its Customer Buys"

    purchase_panel = fields.Html(
        "What the Customer Buys",
        compute="_compute_purchase_panel",
        sanitize=False,
        groups=HEALTH_GROUP,
    )
    suggestion_ids = fields.One2many(
        "crm.customer.suggestion",
        string="Suggested",
        compute="_compute_suggestion_ids",
        groups=HEALTH_GROUP,
        help="Products or categories that similar customers buy and this one does not.",
    )

    def _get_panel_partner(self):
        """Hook: the partner whose customer's purchases are shown, or none."""
        return self.partner_id

    def _get_panel_company(self):
        """Hook: the company whose sales are shown."""
        return self.company_id or self.env.company

    def _get_panel_domain(self) -> Domain:
        partner = self._get_panel_partner().commercial_partner_id._origin
        return Domain("partner_id", "=", partner.id) & Domain(
            "company_id", "=", self._get_panel_company().id
        )

    def _get_panel_suggestions(self):
        suggestions = self.env["crm.customer.suggestion"]
        if not self._get_panel_partner() or not suggestions.has_access("read"):
            return suggestions
        return suggestions.search(self._get_panel_domain(), order="rank")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_suggestion_ids(self):
        for record in self:
            record.suggestion_ids = record._get_panel_suggestions()

    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_purchase_panel(self):
        purchases = self.env["crm.customer.purchase"]
        may_read = purchases.has_access("read")
        for record in self:
            rows = purchases
            if may_read and record._get_panel_partner():
                rows = purchases.search(record._get_panel_domain())
            suggestions = record._get_panel_suggestions()
            record.purchase_panel = (
                self.env["ir.qweb"]._render(
                    "crm_customer_purchase.purchase_panel",
                    record._get_panel_values(rows, suggestions),
                )
                if rows or suggestions
                else False
            )

    def _get_panel_values(self, rows, suggestions) -> dict:
        """What the panel's template shows."""
        today = self._get_panel_company()._get_today()
        best = rows.filtered(lambda row: row.amount_12m > 0)[:SHOWN_PRODUCTS]
        most = max(best.mapped("amount_12m"), default=0)
        due = rows.filtered(
            lambda row: row.expected_date and row.expected_date <= today and row.state != "lapsed"
        )
        return {
            "best": [
                {
                    "name": row.product_id.display_name,
                    "amount": self._format_panel_amount(row, "amount_12m"),
                    "width": round(100 * row.amount_12m / most),
                    "trend": self._get_panel_trend(row),
                    "share": round(100 * row.share),
                }
                for row in best
            ],
            "due": due.sorted("expected_date")[:SHOWN_PRODUCTS],
            "stopped": rows.filtered(lambda row: row.state == "lapsed").sorted(
                lambda row: (-row.amount_prev_12m - row.amount_12m, row.id)
            )[:SHOWN_PRODUCTS],
            "suggested": [
                {
                    "name": row.item_name,
                    "reason": row.reason,
                    "amount": self._format_panel_amount(row, "expected_amount"),
                }
                for row in suggestions
            ],
        }

    def _format_panel_amount(self, row, name: str) -> str:
        return formatLang(self.env, row[name], currency_obj=row.currency_id, digits=0)

    @api.model
    def _get_panel_trend(self, row) -> str:
        """An arrow: falling and growing as the row's state says, else steady."""
        return {"falling": "down", "lapsed": "down", "growing": "up", "new": "up"}.get(
            row.state, "flat"
        )
