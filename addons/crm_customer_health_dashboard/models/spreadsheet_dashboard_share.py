from odoo import api, models
from odoo.exceptions import AccessError


class SpreadsheetDashboardShare(models.Model):
    """A shared dashboard is a frozen copy that anybody with its address can open."""

    _inherit = "spreadsheet.dashboard.share"

    @api.model_create_multi
    def create(self, vals_list):
        shares = super().create(vals_list)
        shares._check_amounts()
        return shares

    def write(self, vals):
        result = super().write(vals)
        self._check_amounts()
        return result

    def _check_amounts(self):
        """Refuse copies with customers' amounts, save by who keeps the books."""
        is_finance = self.env.su or self.env.user.has_groups(
            "account.group_account_invoice,account.group_account_readonly"
        )
        # Whether a dashboard has amounts is no secret.
        if not is_finance and any(self.sudo().dashboard_id.mapped("has_customer_amounts")):
            raise AccessError(
                self.env._(
                    "This dashboard shows amounts of customers or colleagues. Ask Invoicing to"
                    " share a copy of it."
                )
            )
