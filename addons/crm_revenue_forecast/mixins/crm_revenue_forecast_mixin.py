from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import HEALTH_GROUP


class CrmRevenueForecastMixin(models.AbstractModel):
    """A document that says when its money is expected: what the rows of the forecast say that the
    user may see.
    """

    _name = "crm.revenue.forecast.mixin"
    _description = "Says When Its Money Is Expected"

    forecast_date = fields.Date(
        "Money Expected",
        compute="_compute_forecast",
        compute_sudo=False,
        groups=HEALTH_GROUP,
        help="The day by which the last of the money is as likely as not to have come.",
    )
    forecast_text = fields.Char(
        "Expected Money",
        compute="_compute_forecast",
        compute_sudo=False,
        groups=HEALTH_GROUP,
    )

    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_forecast(self):
        rows_by_document = self._get_forecast_rows()
        for document in self:
            rows = rows_by_document.get(document._origin.id)
            document.forecast_date = rows and max(
                (row.cash_date for row in rows if row.cash_date), default=False
            )
            document.forecast_text = document._get_forecast_text(rows) if rows else False

    def _get_forecast_rows(self) -> dict:
        """Hook: rows of the forecast by the document's id."""
        return {}

    @api.model
    def _find_forecast_rows(self, domain):
        """Rows of what is still to come and not disputed, that the user may see; one statement."""
        return self.env["crm.revenue.forecast"].search_fetch(
            Domain(domain) & Domain("layer", "not in", ("disputed", "unmatched")),
            ["lead_id", "move_id", "invoice_date", "low_date", "cash_date", "high_date"],
        )

    def _get_forecast_text(self, rows) -> str:
        """When the money comes that is still to come, in the user's words."""
        dates = [row.cash_date for row in rows]
        if not all(row.invoice_date for row in rows):
            return self.env._("Nothing says when the money comes: no closing is expected.")
        if not all(dates):
            return self.env._("Nothing says when the money comes: nobody ever paid so late.")
        values = {
            "low": format_date(self.env, min(row.low_date or row.cash_date for row in rows)),
            "likely": format_date(self.env, max(dates)),
        }
        if not all(row.high_date for row in rows):
            return self.env._("Money expected from %(low)s on (most likely %(likely)s).", **values)
        return self.env._(
            "Money expected %(low)s - %(high)s (most likely %(likely)s).",
            high=format_date(self.env, max(row.high_date for row in rows)),
            **values,
        )
