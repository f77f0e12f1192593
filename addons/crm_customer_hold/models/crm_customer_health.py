from odoo import api, models


class CrmCustomerHealth(models.Model):
    """Customers that owe nothing any more that the policy asks to act on are released."""

    _inherit = "crm.customer.health"

    @api.model
    def _on_customers_refreshed(self, changes):
        result = super()._on_customers_refreshed(changes)
        for company in changes.companies:
            if cured := changes.cured.get(company.id):
                self.env["res.partner"].browse(cured)._release(company)
        return result
