from odoo import api, models


class SaleOrder(models.Model):
    """A quotation shows what its customer buys, and could buy."""

    _name = "sale.order"
    _inherit = ["sale.order", "crm.customer.purchase.panel"]

    @api.depends("partner_id", "company_id")
    def _compute_purchase_panel(self):
        return super()._compute_purchase_panel()

    @api.depends("partner_id", "company_id", "order_line.product_id")
    def _compute_suggestion_ids(self):
        return super()._compute_suggestion_ids()

    def _get_panel_suggestions(self):
        """What is on the quotation already is suggested no longer."""
        suggestions = super()._get_panel_suggestions()
        products = self.order_line.product_id._origin
        return suggestions.filtered(
            lambda row: (
                row.product_id not in products and row.suggested_categ_id not in products.categ_id
            )
        )
