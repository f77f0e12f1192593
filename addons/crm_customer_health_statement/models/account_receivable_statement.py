from odoo import api, models


class AccountReceivableStatement(models.AbstractModel):
    _inherit = "account.receivable.statement"

    @api.model
    def _may_read_statements(self, partners):
        """Whoever may see a customer's figures may see its statement: sellers of their own."""
        if super()._may_read_statements(partners):
            return True
        health = self.env["crm.customer.health"]
        if not health.has_access("read"):
            return False
        customers = partners.sudo().commercial_partner_id
        return customers <= health.search([("partner_id", "in", customers.ids)]).partner_id
