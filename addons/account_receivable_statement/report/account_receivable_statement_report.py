from odoo import api, models

from odoo.addons.account_receivable_settlement.bands import BANDS


class ReportStatement(models.AbstractModel):
    _name = "report.account_receivable_statement.report_statement"
    _description = "Customer Statement on Paper"

    @api.model
    def _get_report_values(self, docids, data=None):
        """The statements of these customers, of the companies at hand; who prints is checked."""
        partners = self.env["res.partner"].browse(docids)
        statements = self.env["account.receivable.statement"]._get_statements(
            partners, self.env.companies
        )
        return {
            "doc_ids": docids,
            "doc_model": "res.partner",
            "docs": partners,
            "statements_by_partner": {
                partner.id: [
                    statement
                    for statement in statements
                    if statement.partner == partner.commercial_partner_id
                ]
                for partner in partners
            },
            "bands": list(BANDS),
        }
