from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmLead(models.Model):
    """A deal says when its money is expected: of its invoices, and of what is still to come."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.revenue.forecast.mixin"]

    @api.depends("expected_revenue", "billing_status")
    def _compute_forecast(self):
        return super()._compute_forecast()

    def _get_forecast_rows(self):
        """Rows of the deals and of the invoices that hold lines of theirs."""
        rows = super()._get_forecast_rows()
        documents = self._get_forecast_documents()
        move_ids = [move_id for _lead_id, move_id in documents]
        found = self._find_forecast_rows(
            Domain("lead_id", "in", self.ids) | Domain("move_id", "in", move_ids)
        )
        by_lead, by_document = found.grouped("lead_id"), found.grouped("move_id")
        for lead in self._origin:
            rows[lead.id] = by_lead.get(lead, found.browse())
        for lead_id, move_id in documents:
            rows[lead_id] |= by_document.get(
                self.env["account.move"].browse(move_id), found.browse()
            )
        return rows

    def _get_forecast_documents(self) -> list[tuple[int, int]]:
        """Pairs of these deals and their drafts and posted documents, also those that a
        salesperson may not open: only dates leave this.
        """
        if not self.ids:
            return []
        self.env["account.move.line"].flush_model(["opportunity_id", "parent_state"])
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT opportunity_id, move_id
                  FROM account_move_line
                 WHERE opportunity_id = ANY(%s) AND parent_state IN ('draft', 'posted')
                """,
                self.ids,
            )
        )
