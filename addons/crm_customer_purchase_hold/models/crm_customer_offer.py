from odoo import api, models
from odoo.fields import Domain


class CrmCustomerOffer(models.AbstractModel):
    """To customers on hold nobody offers anything."""

    _inherit = "crm.customer.offer"

    @api.model
    def _get_left_alone_domain(self) -> Domain:
        """Who is on hold in a company is left alone in that company, and in no other."""
        partners = self.env["res.partner"]
        return super()._get_left_alone_domain() | Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "in", partners._get_held_query(company))
            for company in self.env.companies
        )
