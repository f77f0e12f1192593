from odoo import models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "crm.customer.actions"]

    def _get_customers_by_company(self):
        return {self.env.company: self.commercial_partner_id}


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.customer.actions"]


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.customer.actions"]

    def _get_customers_by_company(self):
        sales = self.filtered(lambda move: move.is_sale_document(include_receipts=True))
        return super(AccountMove, sales)._get_customers_by_company()
